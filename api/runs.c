/* SPDX-License-Identifier: Apache-2.0 */
#include "runs.h"

#include "bus.h"
#include "list.h"
#include "reply.h"
#include "run_filter.h"
#include "run_json.h"

struct run_place runs_place(const struct request *rq)
{
    struct run_place place = {.project = rq->principal.project, .run = rq->path_ids[0]};
    if (!id_is_nil(rq->path_ids[1])) {
        place.runner = rq->path_ids[0];
        place.run = rq->path_ids[1];
    }
    return place;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
        return;
    }
    json_t *runs = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct run run;
        run_store_read(rows, i, &run);
        (void)json_array_append_new(runs, run_json(&run));
    }
    list_reply(rq, "runs", runs, page_rows_total(rows));
}

static void list(struct request *rq, const struct statement *statement, struct id runner)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct run_filter filter = {.project = rq->principal.project, .runner = runner};
    if (!run_filter_read(rq, &f, &filter))
        return;
    struct params p;
    run_store_list_params(&p, &filter);
    request_query(rq, statement, &p, on_list);
}

void runs_list(struct request *rq)
{
    list(rq, &run_store_list, (struct id){0});
}

void runs_list_of_runner(struct request *rq)
{
    list(rq, &run_store_list_of_runner, rq->path_ids[0]);
}

/* The run of row 0; false when there is none and that was answered. */
static bool read_run(struct request *rq, const struct rows *rows, struct run *ret_run)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
        return false;
    }
    run_store_read(rows, 0, ret_run);
    return true;
}

static void on_get(struct request *rq, const struct rows *rows)
{
    struct run run;
    if (read_run(rq, rows, &run))
        reply_json(rq, 200, run_answer(&run));
}

void runs_get(struct request *rq)
{
    struct params p;
    run_store_get_params(&p, runs_place(rq));
    request_query(rq, &run_store_get, &p, on_get);
}

static void on_stopped(struct request *rq, const struct rows *rows)
{
    struct run run;
    if (!read_run(rq, rows, &run))
        return;
    bus_publish(rq->loop, BUS_RUN, run.id);
    if (!run_state_is_final(run.state))
        bus_publish(rq->loop, BUS_HYPERVISOR, run.hypervisor);
    reply_json(rq, 200, run_answer(&run));
}

void runs_stop(struct request *rq)
{
    struct params p;
    run_store_stop_params(&p, runs_place(rq));
    request_query(rq, &run_store_stop, &p, on_stopped);
}
