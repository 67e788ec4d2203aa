/* SPDX-License-Identifier: Apache-2.0 */
#include "access/projects.h"

#include "model/limits.h"
#include "store/project_store.h"

#include "access/auth.h"
#include "http/created.h"
#include "http/fields.h"
#include "http/idempotency.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"
#include "http/text_rules.h"

#define MISSING "There is no such project"
#define QUOTA(member, most)                                                                        \
    {                                                                                              \
#member, FIELD_INT, FIELD_NULLABLE, .offset = offsetof(struct project, member), .min = 1,  \
                                            .max = (most)                                          \
    }

static const struct field table[] = {
    {"name", FIELD_TEXT, FIELD_REQUIRED, .offset = offsetof(struct project, name),
     .min = LIMIT_NAME_MIN, .max = LIMIT_NAME_MAX, .check = text_rule_one_line},
    QUOTA(max_open_runs, INT32_MAX),
    QUOTA(max_memory_mb, INT64_C(1) << 40),
    QUOTA(max_runs_per_day, 1000000),
    QUOTA(max_log_bytes_per_run, LIMIT_LOG_BYTES_MAX),
};

static void member_quota(json_t *object, const char *name, int64_t quota)
{
    member_count(object, name, quota == PROJECT_NO_QUOTA ? -1 : quota);
}

static json_t *project_json(const struct project *project)
{
    json_t *object = json_object();
    member_id(object, "id", project->id);
    member_text(object, "name", project->name);
    member_quota(object, "max_open_runs", project->max_open_runs);
    member_quota(object, "max_memory_mb", project->max_memory_mb);
    member_quota(object, "max_runs_per_day", project->max_runs_per_day);
    member_quota(object, "max_log_bytes_per_run", project->max_log_bytes_per_run);
    member_time(object, "created_at", project->created_at_us);
    member_time(object, "updated_at", project->updated_at_us);
    return object;
}

static struct project_viewer viewer_of(const struct request *rq)
{
    struct project_viewer viewer = {
        .user = rq->principal.user,
        .sees_all = rq->principal.is_admin,
    };
    if (id_is_nil(viewer.user))
        viewer.project = rq->principal.project;
    return viewer;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *projects = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct project project;
        project_store_read(rows, i, &project);
        (void)json_array_append_new(projects, project_json(&project));
    }
    list_reply(rq, "projects", projects, page_rows_total(rows));
}

void projects_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    project_store_list_params(&p, viewer_of(rq), pagination_window(&pages));
    request_query(rq, &project_store_list, &p, on_list);
}

static void on_get(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, MISSING);
        return;
    }
    struct project project;
    project_store_read(rows, 0, &project);
    reply_json(rq, 200, json_pack("{s:o}", "project", project_json(&project)));
}

static void query_project(struct request *rq, request_rows_callback *on_rows)
{
    struct params p;
    project_store_get_params(&p, viewer_of(rq), rq->path_ids[0]);
    request_query(rq, &project_store_get, &p, on_rows);
}

void projects_get(struct request *rq)
{
    query_project(rq, on_get);
}

static void on_created(struct request *rq, const struct rows *rows, const struct err *err)
{
    if (reply_if_taken(rq, err, "name", "is taken by another project"))
        return;
    struct project project;
    project_store_read(rows, 0, &project);
    created_reply(rq, "/v1/projects", project.id, "project", project_json(&project));
}

static bool read_body(struct request *rq, struct fields *f, struct project *project)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return false;
    fields_read(f, "", body, table, ARRAY_LEN(table), project);
    return !reply_if_problems(rq, &f->problems);
}

static void create(struct request *rq, struct id id)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct project project = {.id = id};
    if (!read_body(rq, &f, &project))
        return;
    struct params p;
    project_store_create_params(&p, &project);
    request_query_result(rq, &project_store_create, &p, on_created);
}

void projects_create(struct request *rq)
{
    idempotency_claim(rq, create);
}

static void on_updated(struct request *rq, const struct rows *rows, const struct err *err)
{
    if (reply_if_taken(rq, err, "name", "is taken by another project"))
        return;
    if (rows_count(rows) == 0)
        reply_error(rq, ERR_UNAVAILABLE, "The project is being changed by others; try again");
    else
        on_get(rq, rows);
}

static void on_update_read(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, MISSING);
        return;
    }
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    f.is_partial = true;
    struct project project;
    project_store_read(rows, 0, &project);
    if (!read_body(rq, &f, &project))
        return;
    struct params p;
    project_store_update_params(&p, &project);
    request_query_result(rq, &project_store_update, &p, on_updated);
}

void projects_update(struct request *rq)
{
    if (request_json(rq, false) != NULL)
        query_project(rq, on_update_read);
}

static void on_deleted(struct request *rq, const struct rows *rows, const struct err *err)
{
    auth_forget_all(rq->loop);
    if (err == NULL)
        deleted_reply(rq, rows, MISSING);
    else if (err->code == ERR_CONFLICT)
        reply_error(rq, ERR_CONFLICT, "The project still has runners or runs");
    else
        reply_err(rq, err);
}

void projects_delete(struct request *rq)
{
    struct params p;
    project_store_delete_params(&p, rq->path_ids[0]);
    request_query_result(rq, &project_store_delete, &p, on_deleted);
}
