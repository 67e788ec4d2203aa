/* SPDX-License-Identifier: Apache-2.0 */
#include "access/project_members.h"

#include "model/access.h"
#include "model/limits.h"
#include "store/member_store.h"

#include "access/auth.h"
#include "http/created.h"
#include "http/fields.h"
#include "http/idempotency.h"
#include "http/list.h"
#include "http/members.h"
#include "http/reply.h"

#define MISSING "There is no such member"

#define MEMBER(column) .offset = offsetof(struct member, column)
#define ROLE                                                                                       \
    {                                                                                              \
        "role", FIELD_CHOICE, FIELD_REQUIRED, MEMBER(role), .choices = role_names                  \
    }

static json_t *project_member_json(const struct member *member)
{
    json_t *object = json_object();
    member_id(object, "user_id", member->user);
    member_text(object, "email", member->email);
    member_text(object, "name", member->name);
    member_text(object, "role", member->role);
    member_time(object, "created_at", member->created_at_us);
    member_time(object, "updated_at", member->updated_at_us);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *members = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct member member;
        member_store_read(rows, i, &member);
        (void)json_array_append_new(members, project_member_json(&member));
    }
    list_reply(rq, "members", members, page_rows_total(rows));
}

void project_members_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    member_store_list_params(&p, rq->principal.project, pagination_window(&pages));
    request_query(rq, &member_store_list, &p, on_list);
}

static void on_added(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    if (rows_count(rows) == 0) {
        reply_problem(rq, "email", "or user_id must be a user's");
        return;
    }
    struct member member;
    member_store_read(rows, 0, &member);
    created_reply(rq, "/v1/members", member.user, "member", project_member_json(&member));
}

static void add(struct request *rq, struct id id)
{
    static const struct field table[] = {
        {"user_id", FIELD_ID, MEMBER(user)},
        {"email", FIELD_TEXT, MEMBER(email), .min = 3, .max = LIMIT_EMAIL_MAX},
        ROLE,
    };
    (void)id; /* a member is known by its user */
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct member member = {0};
    fields_read(&f, "", body, table, ARRAY_LEN(table), &member);
    if (id_is_nil(member.user) == (member.email == NULL))
        problems_add(&f.problems, "user_id", "or email is required, one of them");
    if (reply_if_problems(rq, &f.problems))
        return;
    struct params p;
    member_store_put_params(&p, rq->principal.project, &member);
    request_query(rq, &member_store_put, &p, on_added);
}

void project_members_add(struct request *rq)
{
    idempotency_claim(rq, add);
}

static void on_updated(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, MISSING);
        return;
    }
    struct member member;
    member_store_read(rows, 0, &member);
    reply_json(rq, 200, json_pack("{s:o}", "member", project_member_json(&member)));
}

void project_members_update(struct request *rq)
{
    static const struct field table[] = {ROLE};
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct member member = {.user = rq->path_ids[0]};
    fields_read(&f, "", body, table, ARRAY_LEN(table), &member);
    if (reply_if_problems(rq, &f.problems))
        return;
    struct params p;
    member_store_update_params(&p, rq->principal.project, &member);
    request_query(rq, &member_store_update, &p, on_updated);
}

static void on_removed(struct request *rq, const struct rows *rows)
{
    auth_forget_all(rq->loop);
    deleted_reply(rq, rows, MISSING);
}

void project_members_remove(struct request *rq)
{
    struct params p;
    member_store_delete_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &member_store_delete, &p, on_removed);
}
