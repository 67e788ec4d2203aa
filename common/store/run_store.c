/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_store.h"

#include <assert.h>
#include <string.h>

#include "store/run_columns.h"

/* The places, one a row: $1 ids, $2 projects, $3 runners, the nil one is any. */
static const char sql_get[] =
    "SELECT a.n" RUN_COLUMNS " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY"
    " AS a(id, project, runner, n) JOIN runs r ON r.id = a.id AND r.project_id = a.project"
    " AND a.runner IN (r.runner_id, '00000000-0000-0000-0000-000000000000')" RUN_JOINS;

/* `target` is read under its lock, so it is the row as it is now even if another change came in
 * between; what is not changed is answered from there. */
static const char sql_stop[] =
    "WITH target AS ("
    " SELECT * FROM runs WHERE" RUN_PLACE " FOR UPDATE"
    "), stopped AS ("
    " UPDATE runs r SET stop_requested = true, updated_at = now(),"
    "  state = CASE r.state WHEN 'pending' THEN 'canceled' ELSE r.state END,"
    "  termination_reason = CASE r.state WHEN 'pending' THEN 'canceled' END, stop_reason = NULL,"
    "  completed_at = CASE r.state WHEN 'pending' THEN now() END"
    " FROM target WHERE r.id = target.id AND (target.state = 'pending'"
    "  OR target.state IN ('assigned', 'running') AND NOT target.stop_requested)"
    " RETURNING r.*"
    ") SELECT 1" RUN_COLUMNS " FROM"
    " (SELECT * FROM stopped"
    "  UNION ALL SELECT * FROM target WHERE NOT EXISTS (SELECT FROM stopped)) r" RUN_JOINS;

#define FILTER                                                                                     \
    " project_id = $1"                                                                             \
    " AND ($5::text[] IS NULL OR state = ANY ($5))"                                                \
    " AND ($6::jsonb IS NULL OR labels @> $6)"                                                     \
    " AND ($7::text IS NULL OR trigger_kind = $7)"                                                 \
    " AND ($8::timestamptz IS NULL OR created_at >= $8)"                                           \
    " AND ($9::timestamptz IS NULL OR created_at < $9)"
#define LIST(owner, filter)                                                                        \
    "SELECT total.n" RUN_COLUMNS " FROM " owner                                                    \
    " CROSS JOIN LATERAL (SELECT count(*) AS n FROM runs WHERE" filter ") total"                   \
    " LEFT JOIN LATERAL (SELECT * FROM runs WHERE" filter                                          \
    "                    ORDER BY id DESC LIMIT $3 OFFSET $4) r ON true" RUN_JOINS                 \
    " ORDER BY r.id DESC"

static const char sql_list[] = LIST("(SELECT $2::uuid) owner", FILTER);
static const char sql_list_of_runner[] =
    LIST("(SELECT id FROM runners WHERE id = $2 AND project_id = $1) owner",
         FILTER " AND runner_id = $2");

/* By keyset: what is older than $4, without counting what there is in all. */
#define LIST_ON(owner, filter)                                                                     \
    "SELECT 0::bigint" RUN_COLUMNS " FROM " owner                                                  \
    " LEFT JOIN LATERAL (SELECT * FROM runs WHERE" filter " AND ($4::uuid IS NULL OR id < $4)"     \
    "                    ORDER BY id DESC LIMIT $3) r ON true" RUN_JOINS " ORDER BY r.id DESC"

static const char sql_list_on[] = LIST_ON("(SELECT $2::uuid) owner", FILTER);
static const char sql_list_on_of_runner[] =
    LIST_ON("(SELECT id FROM runners WHERE id = $2 AND project_id = $1) owner",
            FILTER " AND runner_id = $2");

const struct statement run_store_list_on = {"run_list_on", sql_list_on, .repeatable = true};
const struct statement run_store_list_on_of_runner = {"run_list_on_of_runner",
                                                      sql_list_on_of_runner, .repeatable = true};
const struct statement run_store_get = {"run_get", sql_get, .repeatable = true};
const struct statement run_store_stop = {"run_stop", sql_stop, .repeatable = true};
const struct statement run_store_list = {"run_list", sql_list, .repeatable = true};
const struct statement run_store_list_of_runner = {"run_list_of_runner", sql_list_of_runner,
                                                   .repeatable = true};

static enum run_state read_state(const struct rows *rows, int row)
{
    enum run_state state;
    struct err e;
    int r = run_state_parse(row_text(rows, row, COLUMN_STATE), &state, &e);
    assert(r == 0); /* the column has a CHECK */
    return r == 0 ? state : RUN_PENDING;
}

void run_store_read(const struct rows *rows, int row, struct run *ret_run)
{
    *ret_run = (struct run){
        .id = row_id(rows, row, COLUMN_ID),
        .runner = row_id(rows, row, COLUMN_RUNNER),
        .runner_version = row_i64(rows, row, COLUMN_RUNNER_VERSION, 0),
        .state = read_state(rows, row),
        .attempt = row_i64(rows, row, COLUMN_ATTEMPT, 0),
        .stop_requested = row_bool(rows, row, COLUMN_STOP_REQUESTED),
        .priority = row_i64(rows, row, COLUMN_PRIORITY, 0),
        .hypervisor = row_id(rows, row, COLUMN_HYPERVISOR),
        .hypervisor_name = row_text(rows, row, COLUMN_HYPERVISOR_NAME),
        .price_second_nano = row_i64(rows, row, COLUMN_PRICE_SECOND_NANO, 0),
        .image = row_text(rows, row, COLUMN_IMAGE),
        .image_digest = row_text(rows, row, COLUMN_IMAGE_DIGEST),
        .command = row_text(rows, row, COLUMN_COMMAND),
        .argv = row_text(rows, row, COLUMN_ARGV),
        .entrypoint = row_text(rows, row, COLUMN_ENTRYPOINT),
        .timeout_seconds = row_i64(rows, row, COLUMN_TIMEOUT_SECONDS, 0),
        .labels = row_text(rows, row, COLUMN_LABELS),
        .env_keys = row_text(rows, row, COLUMN_ENV_KEYS),
        .trigger_kind = row_text(rows, row, COLUMN_TRIGGER_KIND),
        .trigger_by = row_text(rows, row, COLUMN_TRIGGER_BY),
        .trigger_ref = row_text(rows, row, COLUMN_TRIGGER_REF),
        .pending_reason = row_text(rows, row, COLUMN_PENDING_REASON),
        .pending_message = row_text(rows, row, COLUMN_PENDING_MESSAGE),
        .retries = row_i64(rows, row, COLUMN_RETRIES, 0),
        .retry = row_text(rows, row, COLUMN_RETRY),
        .termination_reason = row_text(rows, row, COLUMN_TERMINATION_REASON),
        .termination_message = row_text(rows, row, COLUMN_TERMINATION_MESSAGE),
        .exit_code = row_i64(rows, row, COLUMN_EXIT_CODE, RUN_UNKNOWN),
        .oom_killed = row_bool(rows, row, COLUMN_OOM_KILLED),
        .pull_ms = row_i64(rows, row, COLUMN_PULL_MS, RUN_UNKNOWN),
        .start_ms = row_i64(rows, row, COLUMN_START_MS, RUN_UNKNOWN),
        .cpu_ms = row_i64(rows, row, COLUMN_CPU_MS, RUN_UNKNOWN),
        .memory_peak_bytes = row_i64(rows, row, COLUMN_MEMORY_PEAK_BYTES, RUN_UNKNOWN),
        .io_read_bytes = row_i64(rows, row, COLUMN_IO_READ_BYTES, RUN_UNKNOWN),
        .io_write_bytes = row_i64(rows, row, COLUMN_IO_WRITE_BYTES, RUN_UNKNOWN),
        .log_lines = row_i64(rows, row, COLUMN_LOG_LINES, 0),
        .log_bytes = row_i64(rows, row, COLUMN_LOG_BYTES, 0),
        .log_truncated = row_bool(rows, row, COLUMN_LOG_TRUNCATED),
        .created_at_us = row_time_us(rows, row, COLUMN_CREATED_AT),
        .updated_at_us = row_time_us(rows, row, COLUMN_UPDATED_AT),
        .assigned_at_us = row_time_us(rows, row, COLUMN_ASSIGNED_AT),
        .started_at_us = row_time_us(rows, row, COLUMN_STARTED_AT),
        .completed_at_us = row_time_us(rows, row, COLUMN_COMPLETED_AT),
    };
    catalog_store_read_region(rows, row, COLUMN_REGION, &ret_run->region);
    catalog_store_read_type(rows, row, COLUMN_TYPE, &ret_run->instance_type);
}

struct id run_store_read_id(const struct rows *rows, int row)
{
    return row_id(rows, row, COLUMN_ID);
}

size_t run_store_number(const struct rows *rows, int row)
{
    return (size_t)row_i64(rows, row, COLUMN_OF_STATEMENT, 0) - 1;
}

void run_store_get_params(struct params *p, const struct run_place *places, size_t n)
{
    params_init(p, 1 << 16);
    params_add_id_column(p, &places[0].run, n, sizeof(places[0]));
    params_add_id_column(p, &places[0].project, n, sizeof(places[0]));
    params_add_id_column(p, &places[0].runner, n, sizeof(places[0]));
}

void run_store_place_params(struct params *p, struct run_place place)
{
    params_init(p, 512);
    params_add_id(p, place.run);
    params_add_id(p, place.project);
    params_add_id_or_null(p, place.runner);
}

/* The stored states that the public API calls `status`. */
static void add_states(struct params *p, const char *status)
{
    if (status == NULL) {
        params_add_null(p);
        return;
    }
    const char *states[RUN_STATE_COUNT];
    size_t n = 0;
    for (int state = 0; state < RUN_STATE_COUNT; state++) {
        if (strcmp(run_state_public_name((enum run_state)state), status) == 0)
            states[n++] = run_state_name((enum run_state)state);
    }
    params_add_text_array(p, states, n);
}

void run_store_list_params(struct params *p, const struct run_filter *filter)
{
    params_init(p, 1 << 16);
    params_add_id(p, filter->project);
    params_add_id_or_null(p, filter->runner);
    params_add_i64(p, filter->window.limit);
    if (filter->is_keyset)
        params_add_id_or_null(p, filter->before);
    else
        params_add_i64(p, filter->window.offset);
    add_states(p, filter->status);
    params_add_text(p, filter->labels);
    params_add_text(p, filter->trigger);
    params_add_time_or_null(p, filter->since_us);
    params_add_time_or_null(p, filter->until_us);
}
