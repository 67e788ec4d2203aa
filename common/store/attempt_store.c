/* SPDX-License-Identifier: Apache-2.0 */
#include "store/attempt_store.h"

#define OF_BOTH(a)                                                                                 \
    a ".image_digest, " a ".termination_reason, " a ".termination_message, " a ".exit_code, " a    \
      ".oom_killed, " a ".pull_ms, " a ".start_ms, " a ".cpu_ms, " a ".memory_peak_bytes, " a      \
      ".assigned_at, " a ".started_at, " a ".completed_at"

static const char sql_list[] =
    "WITH run AS (SELECT * FROM runs WHERE id = $1 AND project_id = $2"
    "  AND ($3::uuid IS NULL OR runner_id = $3)"
    "), every AS ("
    " SELECT a.run_id, a.attempt, 'failed' AS status, a.hypervisor_id, " OF_BOTH(
        "a") " FROM run JOIN run_attempts a ON a.run_id = run.id"
             " UNION ALL"
             " SELECT run.id, run.attempt,"
             "  CASE run.state WHEN 'assigned' THEN 'pending' ELSE run.state END, "
             "run.hypervisor_id, " OF_BOTH(
                 "run") " FROM run WHERE NOT EXISTS (SELECT FROM run_attempts a WHERE a.run_id = "
                        "run.id"
                        "   AND a.attempt = run.attempt)"
                        ") SELECT every.*, h.name, l.last_id FROM every"
                        " LEFT JOIN hypervisors h ON h.id = every.hypervisor_id"
                        " LEFT JOIN log_heads l ON l.run_id = every.run_id AND l.attempt = "
                        "every.attempt"
                        " ORDER BY every.attempt";

const struct statement attempt_store_list = {"attempt_list", sql_list, .repeatable = true};

void attempt_store_read(const struct rows *rows, int row, struct attempt *ret_attempt)
{
    *ret_attempt = (struct attempt){
        .attempt = row_i64(rows, row, 1, 0),
        .status = row_text(rows, row, 2),
        .hypervisor = row_id(rows, row, 3),
        .image_digest = row_text(rows, row, 4),
        .termination_reason = row_text(rows, row, 5),
        .termination_message = row_text(rows, row, 6),
        .exit_code = row_i64(rows, row, 7, RUN_UNKNOWN),
        .oom_killed = row_bool(rows, row, 8),
        .pull_ms = row_i64(rows, row, 9, RUN_UNKNOWN),
        .start_ms = row_i64(rows, row, 10, RUN_UNKNOWN),
        .cpu_ms = row_i64(rows, row, 11, RUN_UNKNOWN),
        .memory_peak_bytes = row_i64(rows, row, 12, RUN_UNKNOWN),
        .assigned_at_us = row_time_us(rows, row, 13),
        .started_at_us = row_time_us(rows, row, 14),
        .completed_at_us = row_time_us(rows, row, 15),
        .hypervisor_name = row_text(rows, row, 16),
        .log_lines = row_i64(rows, row, 17, 0),
    };
}
