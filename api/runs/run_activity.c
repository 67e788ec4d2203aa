/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_activity.h"

#include "store/activity_store.h"

#include "http/list.h"
#include "http/members.h"

static json_t *run_brief_json(const struct run *run)
{
    json_t *object = json_object();
    member_id(object, "id", run->id);
    member_text(object, "status", run_state_public_name(run->state));
    member_count(object, "duration_ms", run_duration_ms(run));
    member_time(object, "created_at", run->created_at_us);
    return object;
}

/* Rows of one runner follow each other; a runner that never ran has one row without a run. */
static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *list = json_array();
    json_t *runs = NULL; /* of the last runner in the list */
    struct id last = {0};
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct run run;
        bool has_run = activity_store_read(rows, i, &run);
        if (!id_equal(run.runner, last)) {
            json_t *object = json_object();
            runs = json_array();
            member_id(object, "runner_id", run.runner);
            member_value(object, "runs", runs);
            (void)json_array_append_new(list, object);
            last = run.runner;
        }
        if (has_run)
            (void)json_array_append_new(runs, run_brief_json(&run));
    }
    list_reply(rq, "runner_activity", list, page_rows_total(rows));
}

void run_activity_list(struct request *rq)
{
    struct pagination pages;
    if (!list_read_pages(rq, &pages))
        return;
    struct params p;
    activity_store_list_params(&p, rq->principal.project, pagination_window(&pages));
    request_query(rq, &activity_store_list, &p, on_list);
}
