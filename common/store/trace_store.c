/* SPDX-License-Identifier: Apache-2.0 */
#include "store/trace_store.h"

static const char sql_put[] = "INSERT INTO run_traces (run_id, traceparent) VALUES ($1, $2)"
                              " ON CONFLICT (run_id) DO NOTHING";

/* The last attempt is the run itself, unless it ended and waits for another. */
static const char sql_list[] =
    "WITH run AS ("
    " SELECT r.*, w.name AS runner_name, t.traceparent FROM runs r"
    " JOIN runners w ON w.id = r.runner_id LEFT JOIN run_traces t ON t.run_id = r.id"
    " WHERE r.id = $1 AND r.project_id = $2 AND ($3::uuid IS NULL OR r.runner_id = $3)"
    "), tries AS ("
    " SELECT a.attempt, a.hypervisor_id, a.assigned_at, a.started_at, a.completed_at, a.pull_ms,"
    "  a.start_ms, a.termination_reason, a.exit_code, a.log_lines"
    " FROM run JOIN run_attempts a ON a.run_id = run.id"
    " UNION ALL SELECT run.attempt, hypervisor_id, assigned_at, started_at, completed_at, pull_ms,"
    "  start_ms, termination_reason, exit_code, log_lines FROM run"
    " WHERE NOT EXISTS (SELECT FROM run_attempts a"
    "   WHERE a.run_id = run.id AND a.attempt = run.attempt)"
    ")"
    " SELECT run.id, run.traceparent, run.runner_name, run.image, run.state, t.attempt::bigint,"
    "  h.name, run.created_at, t.assigned_at, t.started_at, t.completed_at, t.pull_ms, t.start_ms,"
    "  t.termination_reason, t.exit_code::bigint, t.log_lines, l.last_id, l.updated_at"
    " FROM run, tries t LEFT JOIN hypervisors h ON h.id = t.hypervisor_id"
    " LEFT JOIN log_heads l ON l.run_id = $1 AND l.attempt = t.attempt"
    " ORDER BY t.attempt LIMIT 100";

const struct statement trace_store_put = {"trace_put", sql_put, .repeatable = true,
                                          .grouped = true};
const struct statement trace_store_list = {"trace_list", sql_list, .repeatable = true};

void trace_store_put_params(struct params *p, struct id run, const char *traceparent)
{
    params_init(p, 256);
    params_add_id(p, run);
    params_add_text(p, traceparent);
}

void trace_store_list_params(struct params *p, struct run_place place)
{
    params_init(p, 256);
    params_add_id(p, place.run);
    params_add_id(p, place.project);
    params_add_id_or_null(p, place.runner);
}

void trace_store_read(const struct rows *rows, int row, struct trace_attempt *ret_attempt)
{
    *ret_attempt = (struct trace_attempt){
        .run = row_id(rows, row, 0),
        .traceparent = row_text(rows, row, 1),
        .runner = row_text(rows, row, 2),
        .image = row_text(rows, row, 3),
        .state = row_text(rows, row, 4),
        .attempt = row_i64(rows, row, 5, 0),
        .hypervisor = row_text(rows, row, 6),
        .created_us = row_time_us(rows, row, 7),
        .assigned_us = row_time_us(rows, row, 8),
        .started_us = row_time_us(rows, row, 9),
        .completed_us = row_time_us(rows, row, 10),
        .pull_ms = row_i64(rows, row, 11, -1),
        .start_ms = row_i64(rows, row, 12, -1),
        .reason = row_text(rows, row, 13),
        .exit_code = row_i64(rows, row, 14, -1),
        .log_lines = row_i64(rows, row, 15, -1),
        .log_stored = row_i64(rows, row, 16, 0),
        .log_us = row_time_us(rows, row, 17),
    };
}
