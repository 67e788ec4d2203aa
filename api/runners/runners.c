/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating and changing look up the region and instance type first, then read and judge the body in
 * one go, so that every problem is answered at once. A change is read, checked against what is
 * stored, and written over the version it was read as; when another change came in between, it is
 * done again.
 */
#include "runners/runners.h"

#include "store/runner_store.h"

#include "http/idempotency.h"
#include "http/list.h"
#include "http/reply.h"
#include "runners/runner_fields.h"
#include "runners/runner_json.h"

#define UPDATE_TRIES 5

/* A create or update between its statements; in rq->state. */
struct writing {
    struct catalog_found found;
    struct id id; /* of the new one */
    int tries;
};

static void reply_missing(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
}

static void reply_runner(struct request *rq, const struct rows *rows)
{
    struct runner runner;
    runner_store_read(rows, 0, &runner);
    reply_json(rq, 200, runner_answer(&runner));
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *runners = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct runner runner;
        runner_store_read(rows, i, &runner);
        (void)json_array_append_new(runners, runner_json(&runner));
    }
    list_reply(rq, "runners", runners, page_rows_total(rows));
}

void runners_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    runner_store_list_params(&p, rq->principal.project, pagination_window(&pages));
    request_query(rq, &runner_store_list, &p, on_list);
}

static void query_runner(struct request *rq, request_rows_callback *on_rows)
{
    struct params p;
    runner_store_get_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &runner_store_get, &p, on_rows);
}

static void on_get(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        reply_missing(rq);
    else
        reply_runner(rq, rows);
}

void runners_get(struct request *rq)
{
    query_runner(rq, on_get);
}

/* Look up what the body asks for of the catalog; its problems are found later, with all others. */
static void find_in_catalog(struct request *rq, const struct runner_input *begin,
                            request_rows_callback *on_rows)
{
    json_t *body = request_json(rq, false);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct runner_input input = *begin;
    runner_fields_read(&f, body, &input);
    input.choice.project = rq->principal.project;
    if (rq->state == NULL)
        rq->state = request_alloc(rq, sizeof(struct writing));
    struct params p;
    catalog_store_find_params(&p, &input.choice);
    request_query(rq, &catalog_store_find, &p, on_rows);
}

static void keep_found(struct request *rq, const struct rows *rows)
{
    struct writing *writing = rq->state;
    catalog_store_find_read(rows, &writing->found);
    if (writing->found.registry_hostname != NULL)
        writing->found.registry_hostname = request_strdup(rq, writing->found.registry_hostname);
}

/* Read the body over `input`; false when it was answered. */
static bool read_body(struct request *rq, struct fields *f, struct runner_input *input)
{
    const struct writing *writing = rq->state;
    json_t *body = request_json(rq, false);
    runner_fields_read(f, body, input);
    runner_fields_place(f, body, input, &writing->found);
    return !reply_if_problems(rq, &f->problems);
}

static void on_created(struct request *rq, const struct rows *rows)
{
    struct runner runner;
    runner_store_read(rows, 0, &runner);
    char location[sizeof("/v1/runners/") + ID_TEXT_BYTES];
    (void)snprintf(location, sizeof(location), "/v1/runners/%s", ID_TEXT(runner.id));
    reply_header(rq, "location", location);
    reply_json(rq, 200, runner_answer(&runner));
}

static void on_create_found(struct request *rq, const struct rows *rows)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct runner_input input = runner_fields_defaults;
    keep_found(rq, rows);
    if (!read_body(rq, &f, &input))
        return;

    input.runner.id = ((const struct writing *)rq->state)->id;
    input.runner.project = rq->principal.project;
    struct params p;
    runner_store_insert_params(&p, &input.runner);
    request_query(rq, &runner_store_insert, &p, on_created);
}

static void create(struct request *rq, struct id id)
{
    struct writing *writing = request_alloc(rq, sizeof(*writing));
    writing->id = id;
    rq->state = writing;
    find_in_catalog(rq, &runner_fields_defaults, on_create_found);
}

void runners_create(struct request *rq)
{
    idempotency_claim(rq, create);
}

static void on_update_read(struct request *rq, const struct rows *rows);

static void on_updated(struct request *rq, const struct rows *rows)
{
    struct writing *writing = rq->state;
    if (rows_count(rows) > 0)
        reply_runner(rq, rows);
    else if (++writing->tries < UPDATE_TRIES)
        query_runner(rq, on_update_read);
    else
        reply_error(rq, ERR_UNAVAILABLE, "The runner is being changed by others; try again");
}

static void on_update_read(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_missing(rq);
        return;
    }
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    f.is_partial = true;
    struct runner_input input = {0};
    runner_store_read(rows, 0, &input.runner);
    if (!read_body(rq, &f, &input))
        return;

    struct params p;
    runner_store_update_params(&p, &input.runner);
    request_query(rq, &runner_store_update, &p, on_updated);
}

static void on_update_found(struct request *rq, const struct rows *rows)
{
    keep_found(rq, rows);
    query_runner(rq, on_update_read);
}

void runners_update(struct request *rq)
{
    static const struct runner_input nothing = {.runner = {.argv = "[]"}};
    find_in_catalog(rq, &nothing, on_update_found);
}

static void on_deleted(struct request *rq, const struct rows *rows)
{
    switch (runner_store_delete_read(rows)) {
    case RUNNER_DELETED:
        reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
        break;
    case RUNNER_IN_USE:
        reply_error(rq, ERR_CONFLICT, "The runner has runs that are not final; stop them first");
        break;
    case RUNNER_MISSING:
        reply_missing(rq);
        break;
    }
}

void runners_delete(struct request *rq)
{
    struct params p;
    runner_store_delete_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &runner_store_delete, &p, on_deleted);
}
