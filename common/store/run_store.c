/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_store.h"

#include <assert.h>
#include <string.h>

#include "model/limits.h"
#include "store/catalog_store.h"
#include "store/image_name.h"

#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)

/* Why a run waits is said when it is read: a million runs of a size share one note. */
#define PENDING_REASON                                                                             \
    "CASE r.state WHEN 'pending' THEN"                                                             \
    " pending_reason(r.hold, coalesce(q.reason, r.pending_reason)) END"
#define PENDING_MESSAGE                                                                            \
    "CASE r.state WHEN 'pending' THEN pending_message(r.hold, r.runner_id, r.created_at, r.id,"    \
    " r.pending_message, q.message) END"

/* What is read, of `runs r`, `hypervisors h` and `log_heads l`. Column 0 is a page's total. */
#define RUN_READ(X)                                                                                \
    X(ID, "r.id")                                                                                  \
    X(RUNNER, "r.runner_id")                                                                       \
    X(RUNNER_VERSION, "r.runner_version")                                                          \
    X(STATE, "r.state")                                                                            \
    X(ATTEMPT, "r.attempt")                                                                        \
    X(STOP_REQUESTED, "r.stop_requested")                                                          \
    X(PRIORITY, "r.priority")                                                                      \
    X(HYPERVISOR, "r.hypervisor_id")                                                               \
    X(HYPERVISOR_NAME, "h.name")                                                                   \
    X(PRICE_SECOND_NANO, "r.price_second_nano")                                                    \
    X(IMAGE, "r.image")                                                                            \
    X(IMAGE_DIGEST, "r.image_digest")                                                              \
    X(COMMAND, "r.command")                                                                        \
    X(ARGV, "to_jsonb(r.argv)::text")                                                              \
    X(ENTRYPOINT, "r.entrypoint")                                                                  \
    X(TIMEOUT_SECONDS, "r.timeout_seconds")                                                        \
    X(LABELS, "r.labels::text")                                                                    \
    X(ENV_KEYS, "to_jsonb(r.env_keys)::text")                                                      \
    X(TRIGGER_KIND, "r.trigger_kind")                                                              \
    X(TRIGGER_BY, "r.trigger_by")                                                                  \
    X(TRIGGER_REF, "r.trigger_ref")                                                                \
    X(PENDING_REASON, PENDING_REASON)                                                              \
    X(PENDING_MESSAGE, PENDING_MESSAGE)                                                            \
    X(RETRIES, "r.retries")                                                                        \
    X(RETRY, "r.retry::text")                                                                      \
    X(TERMINATION_REASON, "r.termination_reason")                                                  \
    X(TERMINATION_MESSAGE, "r.termination_message")                                                \
    X(EXIT_CODE, "r.exit_code")                                                                    \
    X(OOM_KILLED, "r.oom_killed")                                                                  \
    X(PULL_MS, "r.pull_ms")                                                                        \
    X(START_MS, "r.start_ms")                                                                      \
    X(CPU_MS, "r.cpu_ms")                                                                          \
    X(MEMORY_PEAK_BYTES, "r.memory_peak_bytes")                                                    \
    X(IO_READ_BYTES, "r.io_read_bytes")                                                            \
    X(IO_WRITE_BYTES, "r.io_write_bytes")                                                          \
    X(LOG_LINES, "l.last_id")                                                                      \
    X(LOG_BYTES, "r.log_bytes")                                                                    \
    X(LOG_TRUNCATED, "r.log_truncated")                                                            \
    X(CREATED_AT, "r.created_at")                                                                  \
    X(UPDATED_AT, "r.updated_at")                                                                  \
    X(ASSIGNED_AT, "r.assigned_at")                                                                \
    X(STARTED_AT, "r.started_at")                                                                  \
    X(COMPLETED_AT, "r.completed_at")

#define READ_ENUM(name, sql) COLUMN_##name,
#define READ_SQL(name, sql) ", " sql

enum {
    COLUMN_TOTAL,
    RUN_READ(READ_ENUM) /* then: */
    COLUMN_REGION,
    COLUMN_TYPE = COLUMN_REGION + CATALOG_REGION_COLUMN_COUNT,
};

#define RUN_COLUMNS RUN_READ(READ_SQL) CATALOG_REGION_COLUMNS CATALOG_TYPE_COLUMNS
#define RUN_JOINS                                                                                  \
    " LEFT JOIN regions g ON g.id = r.region_id"                                                   \
    " LEFT JOIN instance_types t ON t.id = r.instance_type_id"                                     \
    " LEFT JOIN hypervisors h ON h.id = r.hypervisor_id"                                           \
    " LEFT JOIN log_heads l ON l.run_id = r.id AND l.attempt = r.attempt"                          \
    " LEFT JOIN queue_notes q ON r.state = 'pending' AND q.region_id = r.region_id"                \
    " AND q.memory_mb = r.memory_mb AND q.cpu_milli = r.cpu_milli"                                 \
    " AND q.placement_labels = r.placement_labels"

/* What a trigger is about: $1 project, $2 runner, $3 instance type's slug, $4 more labels. */
#define TRIGGER_RUNNER                                                                             \
    " runner AS ("                                                                                 \
    " SELECT *, labels || coalesce($4::jsonb, '{}') AS all_labels FROM runners"                    \
    " WHERE project_id = $1 AND id = $2 AND status = 'available'"                                  \
    " ), type AS ("                                                                                \
    " SELECT instance_types.* FROM instance_types, runner"                                         \
    " WHERE CASE WHEN $3::text IS NULL THEN instance_types.id = runner.instance_type_id"           \
    " ELSE instance_types.slug = $3 END"                                                           \
    " )"
#define LABELS_FIT "(SELECT count(*) FROM jsonb_object_keys(all_labels)) <= " TEXT(LIMIT_LABELS)

/* A point of priority is worth so much waiting. All grow older alike, so the order of two runs
 * never changes and is one column. */
#define PRIORITY_WORTH "1 minute"

/* $5 id, $6 whether $7 command and $8 argv replace the runner's, $9 entrypoint, $10 timeout,
 * $11 priority, $12 and $13 who triggered, $14 and $15 keys and values of its own environment.
 * Run again, it answers the run it made the first time. */
static const char sql_trigger[] =
    "WITH" TRIGGER_RUNNER ", made AS ("
    " INSERT INTO runs (id, project_id, runner_id, runner_version, region_id, instance_type_id,"
    " memory_mb, cpu_milli, price_second_nano, image, image_digest, command, argv, entrypoint,"
    " timeout_seconds, priority, labels, env_keys, trigger_kind, trigger_by, pending_reason,"
    " stop_grace_seconds, stop_signal, pull_policy, pull_timeout_seconds, pids_limit, shm_size_mb,"
    " network, sandbox, read_only, user_spec, log_limit_bytes, container_registry_id,"
    " log_storage, queue_at, hold, retry, pending_timeout_seconds, pending_until, "
    "placement_labels)"
    " SELECT $5, $1, r.id, r.version, r.region_id, type.id,"
    " type.memory_mb, type.cpu_milli, type.price_second_nano,"
    " " IMAGE_OF_RUNNER ", r.image_digest,"
    " CASE WHEN $6 THEN $7 ELSE r.run_command END,"
    " CASE WHEN $6 THEN ARRAY(SELECT jsonb_array_elements_text($8::jsonb)) ELSE r.argv END,"
    " coalesce($9, r.entrypoint), coalesce($10, r.timeout_seconds), coalesce($11, r.priority),"
    " r.all_labels,"
    " ARRAY(SELECT k FROM (SELECT env_key FROM runner_env WHERE runner_id = r.id"
    " UNION SELECT unnest($14::text[])) e(k) ORDER BY k COLLATE \"C\"),"
    " $12, $13, 'queued',"
    " r.stop_grace_seconds, r.stop_signal, r.pull_policy, r.pull_timeout_seconds, r.pids_limit,"
    " r.shm_size_mb, r.network, r.sandbox, r.read_only, r.user_spec,"
    " least(r.log_limit_bytes, log_limit_of($1)),"
    " r.container_registry_id, r.log_storage,"
    " now() - coalesce($11, r.priority) * interval '" PRIORITY_WORTH "',"
    " CASE WHEN r.max_concurrency IS NOT NULL THEN 'concurrency_limit' END, r.retry,"
    " r.pending_timeout_seconds, now() + make_interval(secs => r.pending_timeout_seconds),"
    " label_lines(r.hypervisor_labels)"
    " FROM runner r JOIN type ON true"
    " LEFT JOIN container_registries c ON c.id = container_registry_id WHERE " LABELS_FIT
    " AND project_admits($1, type.memory_mb) IS NULL ON CONFLICT (id) DO NOTHING RETURNING *"
    "), own_env AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value)"
    " SELECT made.id, o.k, made.id, o.v FROM made, unnest($14::text[], $15::bytea[]) o(k, v)"
    "), given AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"
    " SELECT made.id, e.env_key, e.runner_id, e.value, e.secret"
    " FROM made JOIN runner_env e USING (runner_id) WHERE e.env_key <> ALL ($14)"
    ") SELECT 1" RUN_COLUMNS " FROM"
    " (TABLE made UNION ALL SELECT * FROM runs WHERE id = $5 AND project_id = $1) "
    "r" RUN_JOINS;

static const char sql_wish[] =
    "WITH" TRIGGER_RUNNER " SELECT r.region_id, type.memory_mb, type.cpu_milli,"
    " label_lines(r.hypervisor_labels) FROM runner r, type WHERE " LABELS_FIT;

static const char sql_refusal[] =
    "WITH" TRIGGER_RUNNER " SELECT EXISTS (SELECT FROM runner), EXISTS (SELECT FROM type),"
    "  coalesce((SELECT " LABELS_FIT " FROM runner), true),"
    "  (SELECT project_admits($1, type.memory_mb) FROM type)";

#define PLACE " id = $1 AND project_id = $2 AND ($3::uuid IS NULL OR runner_id = $3)"

static const char sql_get[] =
    "SELECT 1" RUN_COLUMNS " FROM (SELECT * FROM runs WHERE" PLACE ") r" RUN_JOINS;

/* `target` is read under its lock, so it is the row as it is now even if another change came in
 * between; what is not changed is answered from there. */
static const char sql_stop[] =
    "WITH target AS ("
    " SELECT * FROM runs WHERE" PLACE " FOR UPDATE"
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

/* $4 the new id, $5 who asks. What the first one was made of, its image as it was pulled, its
 * environment as it was; the region, price and limits on how many stay those of then. */
#define AGAIN                                                                                      \
    "project_id, runner_id, runner_version, priority, retry, pending_timeout_seconds,"             \
    " placement_labels, region_id, instance_type_id, memory_mb, cpu_milli, price_second_nano,"     \
    " image, image_digest, container_registry_id, command, argv, entrypoint, timeout_seconds,"     \
    " stop_grace_seconds, stop_signal, pull_policy, pull_timeout_seconds, pids_limit,"             \
    " shm_size_mb, network, sandbox, read_only, user_spec, log_limit_bytes, log_storage, labels,"  \
    " env_keys"
static const char sql_rerun[] =
    "WITH old AS (SELECT * FROM runs WHERE" PLACE "), made AS ("
    " INSERT INTO runs (id, trigger_kind, trigger_by, trigger_ref, pending_reason, queue_at, hold,"
    "  pending_until, " AGAIN ")"
    " SELECT $4::uuid, 'rerun', $5, old.id::text, 'queued',"
    "  now() - old.priority * interval '" PRIORITY_WORTH "',"
    "  (SELECT CASE WHEN max_concurrency IS NOT NULL THEN 'concurrency_limit' END FROM runners"
    "   WHERE id = old.runner_id),"
    "  now() + make_interval(secs => pending_timeout_seconds), " AGAIN " FROM old"
    " WHERE EXISTS (SELECT FROM runners WHERE id = old.runner_id AND status = 'available')"
    "  AND project_admits($2, old.memory_mb) IS NULL ON CONFLICT (id) DO NOTHING RETURNING *"
    "), env AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"
    " SELECT made.id, e.env_key, e.owner_id, e.value, e.secret"
    " FROM made, old JOIN run_env e ON e.run_id = old.id"
    ") SELECT 1" RUN_COLUMNS " FROM"
    " (TABLE made UNION ALL SELECT * FROM runs WHERE id = $4 AND project_id = $2) r" RUN_JOINS;

/* Why there was none: whether there is such a run, whether its runner is there, the quota. */
static const char sql_rerun_refusal[] =
    "SELECT EXISTS (SELECT FROM runners WHERE id = r.runner_id AND status = 'available'),"
    "  project_admits($2, r.memory_mb)"
    " FROM (SELECT * FROM runs WHERE" PLACE ") r";

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
const struct statement run_store_rerun = {"run_rerun", sql_rerun, .repeatable = true,
                                          .grouped = true};
const struct statement run_store_rerun_refusal = {"run_rerun_refusal", sql_rerun_refusal,
                                                  .repeatable = true};
const struct statement run_store_trigger = {"run_trigger", sql_trigger, .repeatable = true,
                                            .grouped = true};
const struct statement run_store_wish = {"run_wish", sql_wish, .repeatable = true};
const struct statement run_store_refusal = {"run_refusal", sql_refusal, .repeatable = true};
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

/* The parameters of TRIGGER_RUNNER. */
static void add_trigger_runner(struct params *p, const struct run_request *request)
{
    params_add_id(p, request->project);
    params_add_id(p, request->runner);
    params_add_text(p, request->instance_type);
    params_add_text(p, request->labels);
}

static void add_number_unless(struct params *p, int64_t value, int64_t none)
{
    if (value == none)
        params_add_null(p);
    else
        params_add_i64(p, value);
}

static void add_env(struct params *p, const struct run_request *request)
{
    const char *keys[LIMIT_ENV_VARIABLES];
    struct params_bytes blobs[LIMIT_ENV_VARIABLES];
    assert(request->env_n <= LIMIT_ENV_VARIABLES);
    for (size_t i = 0; i < request->env_n; i++) {
        const struct run_env *env = &request->env[i];
        keys[i] = env->env_key;
        blobs[i] = (struct params_bytes){env->blob.data, env->blob.len};
    }
    params_add_text_array(p, keys, request->env_n);
    params_add_bytes_column(p, blobs, request->env_n, sizeof(blobs[0]));
}

void run_store_trigger_params(struct params *p, const struct run_request *request)
{
    params_init(p, 4 * LIMIT_BODY_BYTES);
    add_trigger_runner(p, request);
    params_add_id(p, request->id);
    params_add_bool(p, request->replaces_command);
    params_add_text(p, request->command);
    params_add_text(p, request->argv);
    params_add_text(p, request->entrypoint);
    add_number_unless(p, request->timeout_seconds, 0);
    add_number_unless(p, request->priority, RUN_UNKNOWN);
    params_add_text(p, request->trigger_kind);
    params_add_text(p, request->trigger_by);
    add_env(p, request);
}

void run_store_refusal_params(struct params *p, const struct run_request *request)
{
    params_init(p, 4 * LIMIT_BODY_BYTES);
    add_trigger_runner(p, request);
}

void run_store_wish_params(struct params *p, const struct run_request *request)
{
    run_store_refusal_params(p, request);
}

void run_store_read_wish(const struct rows *rows, struct run_wish *ret_wish)
{
    *ret_wish = (struct run_wish){
        .region = row_id(rows, 0, 0),
        .memory_mb = row_i64(rows, 0, 1, 0),
        .cpu_milli = row_i64(rows, 0, 2, 0),
        .labels = row_text(rows, 0, 3),
    };
}

unsigned run_store_refusal_read(const struct rows *rows)
{
    if (!row_bool(rows, 0, 0))
        return RUN_REFUSAL_RUNNER;
    return (row_bool(rows, 0, 1) ? 0u : (unsigned)RUN_REFUSAL_INSTANCE_TYPE) |
           (row_bool(rows, 0, 2) ? 0u : (unsigned)RUN_REFUSAL_LABELS) |
           (row_is_null(rows, 0, 3) ? 0u : (unsigned)RUN_REFUSAL_QUOTA);
}

const char *run_store_refusal_quota(const struct rows *rows)
{
    return row_text(rows, 0, 3);
}

void run_store_get_params(struct params *p, struct run_place place)
{
    params_init(p, 512);
    params_add_id(p, place.run);
    params_add_id(p, place.project);
    params_add_id_or_null(p, place.runner);
}

void run_store_stop_params(struct params *p, struct run_place place)
{
    run_store_get_params(p, place);
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

void run_store_rerun_params(struct params *p, struct run_place place, struct id run,
                            const char *trigger_by)
{
    run_store_get_params(p, place);
    params_add_id(p, run);
    params_add_text(p, trigger_by);
}

void run_store_rerun_refusal_read(const struct rows *rows, bool *ret_has_runner,
                                  const char **ret_quota)
{
    *ret_has_runner = row_bool(rows, 0, 0);
    *ret_quota = row_text(rows, 0, 1);
}
