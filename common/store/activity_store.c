/* SPDX-License-Identifier: Apache-2.0 */
#include "store/activity_store.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIVE " project_id = $1 AND status = 'available'"

static const char sql_list[] =
    "SELECT total.n, w.id, r.id, r.state, r.created_at, r.started_at, r.completed_at"
    " FROM (SELECT count(*) AS n FROM runners WHERE" LIVE ") total"
    " LEFT JOIN (SELECT id FROM runners WHERE" LIVE
    " ORDER BY id DESC LIMIT $2 OFFSET $3) w ON true"
    " LEFT JOIN LATERAL (SELECT id, state, created_at, started_at, completed_at FROM runs"
    "  WHERE runner_id = w.id ORDER BY id DESC LIMIT " TEXT(
        ACTIVITY_RUNS) ") r ON true"
                       " ORDER BY w.id DESC, r.id DESC";

const struct statement activity_store_list = {"activity_list", sql_list, .repeatable = true};

void activity_store_list_params(struct params *p, struct id project, struct page_window window)
{
    params_init(p, 128);
    params_add_id(p, project);
    page_window_params(p, window);
}

bool activity_store_read(const struct rows *rows, int row, struct run *ret_run)
{
    *ret_run = (struct run){.runner = row_id(rows, row, 1)};
    const char *state = row_text(rows, row, 3);
    if (state == NULL)
        return false;
    ret_run->id = row_id(rows, row, 2);
    ret_run->created_at_us = row_time_us(rows, row, 4);
    ret_run->started_at_us = row_time_us(rows, row, 5);
    ret_run->completed_at_us = row_time_us(rows, row, 6);
    return run_state_parse(state, &ret_run->state, NULL) == 0;
}
