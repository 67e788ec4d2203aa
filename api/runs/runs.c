/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/runs.h"

#include "bus.h"
#include "http/list.h"
#include "http/object.h"
#include "http/reply.h"
#include "runs/run_batches.h"
#include "runs/run_filter.h"
#include "runs/run_json.h"

struct run_place runs_place(const struct request *rq)
{
    struct run_place place = {.project = rq->principal.project, .run = rq->path_ids[0]};
    if (!id_is_nil(rq->path_ids[1])) {
        place.runner = rq->path_ids[0];
        place.run = rq->path_ids[1];
    }
    return place;
}

/* The member "runs" of a new object. False, and answered, when there is no such runner. `*ret_last`
 * is nil for an empty page. */
static bool put_runs(struct request *rq, const struct rows *rows, struct buf *ret_object,
                     struct id *ret_last)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
        return false;
    }
    *ret_last = (struct id){0};
    buf_init(ret_object, LIMIT_PER_PAGE_MAX * RUN_JSON_BYTES);
    object_begin(ret_object);
    object_begin_list(ret_object, "runs");
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct run run;
        run_store_read(rows, i, &run);
        run_put(ret_object, &run);
        *ret_last = run.id;
    }
    object_end_list(ret_object);
    return true;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    struct id last;
    struct buf object;
    if (put_runs(rq, rows, &object, &last))
        list_reply_text(rq, &object, page_rows_total(rows));
}

static void on_list_on(struct request *rq, const struct rows *rows)
{
    struct id last;
    struct buf object;
    const struct pagination *pages = rq->state;
    if (!put_runs(rq, rows, &object, &last))
        return;
    bool is_last = page_rows_count(rows) < pages->per_page;
    object_begin_in(&object, "meta");
    object_begin_in(&object, "cursor");
    object_id(&object, "next", is_last ? (struct id){0} : last);
    object_int(&object, "per_page", pages->per_page);
    object_end(&object);
    object_end(&object);
    object_end_all(&object);
    reply_json_text(rq, 200, &object);
}

/* Either statement by pages, `on` by keyset. */
static void list(struct request *rq, const struct statement *statement, const struct statement *on,
                 struct id runner)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct run_filter filter = {.project = rq->principal.project, .runner = runner};
    if (!run_filter_read(rq, &f, &filter))
        return;
    struct params p;
    run_store_list_params(&p, &filter);
    if (filter.is_keyset)
        request_query(rq, on, &p, on_list_on);
    else
        request_query(rq, statement, &p, on_list);
}

void runs_list(struct request *rq)
{
    list(rq, &run_store_list, &run_store_list_on, (struct id){0});
}

void runs_list_of_runner(struct request *rq)
{
    list(rq, &run_store_list_of_runner, &run_store_list_on_of_runner, rq->path_ids[0]);
}

/* The run of `row`; false when there is none and that was answered. */
static bool read_run(struct request *rq, const struct rows *rows, int row, struct run *ret_run)
{
    if (row < 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
        return false;
    }
    run_store_read(rows, row, ret_run);
    return true;
}

static void on_get(struct request *rq, const struct rows *rows, int row)
{
    struct run run;
    if (read_run(rq, rows, row, &run))
        run_reply(rq, &run);
}

void runs_get(struct request *rq)
{
    run_batches_get(rq, runs_place(rq), on_get);
}

static void on_stopped(struct request *rq, const struct rows *rows)
{
    struct run run;
    if (!read_run(rq, rows, rows_count(rows) - 1, &run))
        return;
    bus_publish(rq->loop, BUS_RUN, run.id);
    if (!run_state_is_final(run.state))
        bus_publish(rq->loop, BUS_HYPERVISOR, run.hypervisor);
    run_reply(rq, &run);
}

void runs_stop(struct request *rq)
{
    struct params p;
    run_store_place_params(&p, runs_place(rq));
    request_query(rq, &run_store_stop, &p, on_stopped);
}
