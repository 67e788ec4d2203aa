/* SPDX-License-Identifier: Apache-2.0 */
#include "store/usage_store.h"

#define SUMS                                                                                       \
    "count(*) AS runs, coalesce(sum(billed_seconds(r.started_at, r.completed_at)), 0)::bigint AS " \
    "seconds,"                                                                                     \
    " coalesce(sum(r.cpu_ms), 0)::bigint AS cpu_ms,"                                               \
    " coalesce(sum(r.log_bytes), 0)::bigint AS log_bytes,"                                         \
    " coalesce(sum(r.price_second_nano * billed_seconds(r.started_at, r.completed_at)), "          \
    "0)::bigint"                                                                                   \
    "   AS cost_nano"
#define DAY "(r.settled_at AT TIME ZONE 'UTC')::date"

#define ALL_DAYS                                                                                   \
    "(SELECT day, runner_id, runs, seconds, cpu_ms, log_bytes, cost_nano FROM usage_days"          \
    "  WHERE project_id = $1"                                                                      \
    " UNION ALL"                                                                                   \
    " SELECT " DAY " AS day, r.runner_id, " SUMS " FROM runs r"                                    \
    "  WHERE r.project_id = $1 AND r.settled_at >= (SELECT until FROM usage_closed)"               \
    "  GROUP BY 1, 2) d"
#define FILTER                                                                                     \
    "($2::uuid IS NULL OR d.runner_id = $2)"                                                       \
    " AND ($3::timestamptz IS NULL OR d.day >= $3) AND ($4::timestamptz IS NULL OR d.day < $4)"

static const char sql_list[] =
    "WITH d AS MATERIALIZED (SELECT * FROM " ALL_DAYS " WHERE " FILTER ")"
    " SELECT total.n, d.runner_id, w.name, d.day::text, d.runs, d.seconds, d.cpu_ms, d.log_bytes,"
    "  d.cost_nano"
    " FROM (SELECT count(*) AS n FROM d) total"
    " LEFT JOIN LATERAL (SELECT * FROM d ORDER BY day DESC, runner_id LIMIT $5 OFFSET $6) d ON true"
    " LEFT JOIN runners w ON w.id = d.runner_id ORDER BY d.day DESC, d.runner_id";

/* A run settles within statement_timeout of its transaction's begin, so an hour later nothing is
 * added to a day. The lock makes the second of two who close find nothing left. */
static const char sql_close[] =
    "WITH due AS ("
    " SELECT until AS first, ((now() - interval '1 hour') AT TIME ZONE 'UTC')::date AS after"
    " FROM usage_closed FOR UPDATE"
    "), closed AS ("
    " INSERT INTO usage_days (project_id, day, runner_id, runs, seconds, cpu_ms, log_bytes,"
    "   cost_nano)"
    " SELECT p.id, sums.* FROM due CROSS JOIN projects p CROSS JOIN LATERAL ("
    "   SELECT " DAY ", r.runner_id, " SUMS " FROM runs r WHERE r.project_id = p.id"
    "    AND r.settled_at >= due.first AND r.settled_at < due.after GROUP BY 1, 2) sums"
    " ON CONFLICT DO NOTHING)"
    " UPDATE usage_closed SET until = due.after FROM due WHERE due.after > until";

const struct statement usage_store_list = {"usage_list", sql_list, .repeatable = true};
const struct statement usage_store_close = {"usage_close", sql_close, .repeatable = true};

void usage_store_list_params(struct params *p, const struct usage_filter *filter)
{
    params_init(p, 256);
    params_add_id(p, filter->project);
    params_add_id_or_null(p, filter->runner);
    params_add_time_or_null(p, filter->since_us);
    params_add_time_or_null(p, filter->until_us);
    page_window_params(p, filter->window);
}

void usage_store_read(const struct rows *rows, int row, struct usage *ret_usage)
{
    *ret_usage = (struct usage){
        .runner = row_id(rows, row, 1),
        .runner_name = row_text(rows, row, 2),
        .day = row_text(rows, row, 3),
        .runs = row_i64(rows, row, 4, 0),
        .seconds = row_i64(rows, row, 5, 0),
        .cpu_ms = row_i64(rows, row, 6, 0),
        .log_bytes = row_i64(rows, row, 7, 0),
        .cost_nano = row_i64(rows, row, 8, 0),
    };
}
