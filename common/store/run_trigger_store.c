/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_trigger_store.h"

#include <assert.h>

#include "base/defer.h"
#include "model/limits.h"
#include "store/image_name.h"
#include "store/run_columns.h"

#define LABELS_FIT "(SELECT count(*) FROM jsonb_object_keys(all_labels)) <= " TEXT(LIMIT_LABELS)

/* The requests, one a row: $1 to $15. */
#define ASKED                                                                                      \
    "asked AS (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],"   \
    " $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[],"             \
    " $12::text[], $13::text[], $14::text[], $15::text[])"                                         \
    " AS a(id, project, runner, type_slug, more_labels, replaces, command, argv, entrypoint,"      \
    " timeout_s, priority, kind, by, own_keys, own_values))"

/* What of a runner a run has as it is: the same names in both. */
#define COPIED                                                                                     \
    "runner_id, project_id, runner_version, region_id, image, image_digest, stop_grace_seconds,"   \
    " stop_signal, pull_policy, pull_timeout_seconds, pids_limit, shm_size_mb, network, sandbox,"  \
    " read_only, user_spec, container_registry_id, log_storage, hold, retry,"                      \
    " pending_timeout_seconds, placement_labels"

#define NO_PRIORITY TEXT(RUN_UNKNOWN)
#define WANTED                                                                                     \
    " FROM asked a"                                                                                \
    " JOIN runner_runs r ON r.runner_id = a.runner AND r.project_id = a.project"                   \
    " JOIN instance_types t ON t.id = CASE WHEN a.type_slug IS NULL THEN r.instance_type_id"       \
    "  ELSE (SELECT id FROM instance_types WHERE slug = a.type_slug) END"                          \
    " CROSS JOIN LATERAL (SELECT coalesce(nullif(a.priority, " NO_PRIORITY "), r.priority),"       \
    "  CASE WHEN a.more_labels IS NULL THEN r.labels ELSE r.labels || a.more_labels::jsonb END)"   \
    "  own(priority, all_labels)"                                                                  \
    " WHERE (a.more_labels IS NULL OR " LABELS_FIT ")"                                             \
    "  AND CASE WHEN r.has_quota THEN $16 AND project_admits(a.project, t.memory_mb) IS NULL"      \
    "   ELSE true END"

/* `$16` is whether there is one request only: a quota counts what is committed, so runs under one
 * are made one at a time. Sent again, it answers the runs that it made the first time. What it made
 * is looked up one by one, so that no statistics of the table can make that a scan. */
static const char sql_trigger[] =
    "WITH " ASKED ", made AS ("
    " INSERT INTO runs (" COPIED ", id, instance_type_id, memory_mb, cpu_milli, price_second_nano,"
    "  command, argv, entrypoint, timeout_seconds, priority, queue_at, labels, env_keys,"
    "  log_limit_bytes, pending_until, trigger_kind, trigger_by, pending_reason)"
    " SELECT " COPIED ", a.id, t.id, t.memory_mb, t.cpu_milli, t.price_second_nano,"
    "  CASE WHEN a.replaces <> 0 THEN a.command ELSE r.run_command END,"
    "  CASE WHEN a.replaces = 0 THEN r.argv"
    "   ELSE ARRAY(SELECT jsonb_array_elements_text(a.argv::jsonb)) END,"
    "  coalesce(a.entrypoint, r.entrypoint), coalesce(nullif(a.timeout_s, 0), r.timeout_seconds),"
    "  own.priority, now() - own.priority * interval '" PRIORITY_WORTH "', own.all_labels,"
    "  ARRAY(SELECT k FROM (SELECT env_key FROM runner_env e WHERE e.runner_id = r.runner_id"
    "   UNION SELECT unnest(string_to_array(a.own_keys, ','))) e(k) ORDER BY k COLLATE \"C\"),"
    "  least(r.log_limit_bytes, r.max_log_bytes_per_run),"
    "  now() + make_interval(secs => r.pending_timeout_seconds), a.kind, a.by, 'queued'" WANTED
    " ON CONFLICT (id) DO NOTHING RETURNING *"
    "), own_env AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"
    " SELECT a.id, o.k, a.id, decode(o.v, 'base64'), o.k <> 'TRACEPARENT'"
    " FROM asked a JOIN made USING (id),"
    "  unnest(string_to_array(a.own_keys, ','), string_to_array(a.own_values, ',')) o(k, v)"
    " WHERE a.own_keys IS NOT NULL"
    "), given AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"
    " SELECT made.id, e.env_key, e.runner_id, e.value, e.secret"
    " FROM made JOIN runner_env e USING (runner_id) WHERE NOT EXISTS (SELECT FROM asked a"
    "  WHERE a.id = made.id AND e.env_key = ANY (string_to_array(a.own_keys, ',')))"
    ") SELECT 0" RUN_COLUMNS " FROM (TABLE made UNION ALL SELECT there.* FROM asked a"
    "  CROSS JOIN LATERAL (SELECT * FROM runs WHERE id = a.id AND project_id = a.project OFFSET 0)"
    "  there) r" RUN_JOINS;

/* What one trigger is about: $1 project, $2 runner, $3 instance type's slug, $4 more labels. */
#define TRIGGER_RUNNER                                                                             \
    " runner AS ("                                                                                 \
    " SELECT *, labels || coalesce($4::jsonb, '{}') AS all_labels FROM runners"                    \
    " WHERE project_id = $1 AND id = $2 AND status = 'available'"                                  \
    " ), type AS ("                                                                                \
    " SELECT instance_types.* FROM instance_types, runner"                                         \
    " WHERE CASE WHEN $3::text IS NULL THEN instance_types.id = runner.instance_type_id"           \
    " ELSE instance_types.slug = $3 END"                                                           \
    " )"

static const char sql_wish[] =
    "WITH" TRIGGER_RUNNER " SELECT r.region_id, type.memory_mb, type.cpu_milli,"
    " label_lines(r.hypervisor_labels) FROM runner r, type WHERE " LABELS_FIT;

static const char sql_refusal[] =
    "WITH" TRIGGER_RUNNER " SELECT EXISTS (SELECT FROM runner), EXISTS (SELECT FROM type),"
    "  coalesce((SELECT " LABELS_FIT " FROM runner), true),"
    "  (SELECT project_admits($1, type.memory_mb) FROM type)";

/* $4 the new id, $5 who asks, $6 and $7 keys and values that are other ones. What the first one was
 * made of, its image as it was pulled, its environment as it was; the region, price and limits on
 * how many stay those of then. */
#define AGAIN                                                                                      \
    "project_id, runner_id, runner_version, priority, retry, pending_timeout_seconds,"             \
    " placement_labels, region_id, instance_type_id, memory_mb, cpu_milli, price_second_nano,"     \
    " image, image_digest, container_registry_id, command, argv, entrypoint, timeout_seconds,"     \
    " stop_grace_seconds, stop_signal, pull_policy, pull_timeout_seconds, pids_limit,"             \
    " shm_size_mb, network, sandbox, read_only, user_spec, log_limit_bytes, log_storage, labels"
static const char sql_rerun[] =
    "WITH old AS (SELECT * FROM runs WHERE" RUN_PLACE "), made AS ("
    " INSERT INTO runs (id, trigger_kind, trigger_by, trigger_ref, pending_reason, queue_at, hold,"
    "  pending_until, env_keys, " AGAIN ")"
    " SELECT $4::uuid, 'rerun', $5, old.id::text, 'queued',"
    "  now() - old.priority * interval '" PRIORITY_WORTH "',"
    "  (SELECT CASE WHEN max_concurrency IS NOT NULL THEN 'concurrency_limit' END FROM runners"
    "   WHERE id = old.runner_id),"
    "  now() + make_interval(secs => pending_timeout_seconds),"
    "  ARRAY(SELECT k FROM (SELECT unnest(old.env_keys) UNION SELECT unnest($6::text[])) e(k)"
    "   ORDER BY k COLLATE \"C\"), " AGAIN " FROM old"
    " WHERE EXISTS (SELECT FROM runners WHERE id = old.runner_id AND status = 'available')"
    "  AND project_admits($2, old.memory_mb) IS NULL ON CONFLICT (id) DO NOTHING RETURNING *"
    "), own_env AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value)"
    " SELECT made.id, o.k, made.id, o.v FROM made, unnest($6::text[], $7::bytea[]) o(k, v)"
    "), env AS ("
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"
    " SELECT made.id, e.env_key, e.owner_id, e.value, e.secret"
    " FROM made, old JOIN run_env e ON e.run_id = old.id WHERE e.env_key <> ALL ($6)"
    ") SELECT 1" RUN_COLUMNS " FROM"
    " (TABLE made UNION ALL SELECT * FROM runs WHERE id = $4 AND project_id = $2) r" RUN_JOINS;

/* Why there was none: whether there is such a run, whether its runner is there, the quota. */
static const char sql_rerun_refusal[] =
    "SELECT EXISTS (SELECT FROM runners WHERE id = r.runner_id AND status = 'available'),"
    "  project_admits($2, r.memory_mb)"
    " FROM (SELECT * FROM runs WHERE" RUN_PLACE ") r";

const struct statement run_trigger_store_rerun = {"run_rerun", sql_rerun, .repeatable = true,
                                                  .grouped = true};
const struct statement run_trigger_store_rerun_refusal = {"run_rerun_refusal", sql_rerun_refusal,
                                                          .repeatable = true};
const struct statement run_trigger_store_make = {"run_trigger", sql_trigger, .repeatable = true};
const struct statement run_trigger_store_wish = {"run_wish", sql_wish, .repeatable = true};
const struct statement run_trigger_store_refusal = {"run_refusal", sql_refusal, .repeatable = true};

/* The parameters of TRIGGER_RUNNER. */
static void add_trigger_runner(struct params *p, const struct run_request *request)
{
    params_add_id(p, request->project);
    params_add_id(p, request->runner);
    params_add_text(p, request->instance_type);
    params_add_text(p, request->labels);
}

/* A request's environment as two texts: keys and, in base64, values, between commas. NULL: none. */
struct env_texts {
    size_t keys_at; /* in the buffer of all */
    size_t values_at;
    const char *keys;
    const char *values;
};

static void put_env(struct buf *b, const struct run_request *request, struct env_texts *texts)
{
    texts->keys_at = b->len;
    for (size_t i = 0; i < request->env_n; i++)
        buf_printf(b, "%s%s", i > 0 ? "," : "", request->env[i].env_key);
    buf_add_char(b, '\0');
    texts->values_at = b->len;
    for (size_t i = 0; i < request->env_n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        buf_add_base64(b, request->env[i].value, request->env[i].value_n);
    }
    buf_add_char(b, '\0');
}

static void add_env(struct params *p, const struct run_request *requests, size_t n)
{
    struct env_texts texts[RUN_TRIGGER_MAX] = {{0}};
    CLEANUP(buf_done) struct buf all;
    buf_init(&all, p->bytes.max_bytes);
    for (size_t i = 0; i < n; i++) {
        if (requests[i].env_n > 0)
            put_env(&all, &requests[i], &texts[i]);
    }
    for (size_t i = 0; i < n && buf_ok(&all); i++) {
        if (requests[i].env_n == 0)
            continue;
        texts[i].keys = all.data + texts[i].keys_at;
        texts[i].values = all.data + texts[i].values_at;
    }
    params_add_text_column(p, &texts[0].keys, n, sizeof(texts[0]));
    params_add_text_column(p, &texts[0].values, n, sizeof(texts[0]));
    p->bytes.failed |= !buf_ok(&all);
}

void run_trigger_store_make_params(struct params *p, const struct run_request *requests, size_t n)
{
    const size_t size = sizeof(requests[0]);
    assert(n >= 1 && n <= RUN_TRIGGER_MAX);
    params_init(p, 8 * LIMIT_BODY_BYTES);
    params_add_id_column(p, &requests[0].id, n, size);
    params_add_id_column(p, &requests[0].project, n, size);
    params_add_id_column(p, &requests[0].runner, n, size);
    params_add_text_column(p, &requests[0].instance_type, n, size);
    params_add_text_column(p, &requests[0].labels, n, size);
    params_add_i64_column(p, &requests[0].replaces_command, n, size);
    params_add_text_column(p, &requests[0].command, n, size);
    params_add_text_column(p, &requests[0].argv, n, size);
    params_add_text_column(p, &requests[0].entrypoint, n, size);
    params_add_i64_column(p, &requests[0].timeout_seconds, n, size);
    params_add_i64_column(p, &requests[0].priority, n, size);
    params_add_text_column(p, &requests[0].trigger_kind, n, size);
    params_add_text_column(p, &requests[0].trigger_by, n, size);
    add_env(p, requests, n);
    params_add_bool(p, n == 1);
}

void run_trigger_store_refusal_params(struct params *p, const struct run_request *request)
{
    params_init(p, 4 * LIMIT_BODY_BYTES);
    add_trigger_runner(p, request);
}

void run_trigger_store_wish_params(struct params *p, const struct run_request *request)
{
    run_trigger_store_refusal_params(p, request);
}

void run_trigger_store_read_wish(const struct rows *rows, struct run_wish *ret_wish)
{
    *ret_wish = (struct run_wish){
        .region = row_id(rows, 0, 0),
        .memory_mb = row_i64(rows, 0, 1, 0),
        .cpu_milli = row_i64(rows, 0, 2, 0),
        .labels = row_text(rows, 0, 3),
    };
}

unsigned run_trigger_store_refusal_read(const struct rows *rows)
{
    if (!row_bool(rows, 0, 0))
        return RUN_REFUSAL_RUNNER;
    return (row_bool(rows, 0, 1) ? 0u : (unsigned)RUN_REFUSAL_INSTANCE_TYPE) |
           (row_bool(rows, 0, 2) ? 0u : (unsigned)RUN_REFUSAL_LABELS) |
           (row_is_null(rows, 0, 3) ? 0u : (unsigned)RUN_REFUSAL_QUOTA);
}

const char *run_trigger_store_refusal_quota(const struct rows *rows)
{
    return row_text(rows, 0, 3);
}

void run_trigger_store_rerun_params(struct params *p, struct run_place place, struct id run,
                                    const char *trigger_by, const struct run_env *env, size_t env_n)
{
    const char *keys[LIMIT_ENV_VARIABLES];
    struct params_bytes values[LIMIT_ENV_VARIABLES];
    assert(env_n <= LIMIT_ENV_VARIABLES);
    for (size_t i = 0; i < env_n; i++) {
        keys[i] = env[i].env_key;
        values[i] = (struct params_bytes){env[i].value, env[i].value_n};
    }
    params_init(p, 4 * LIMIT_BODY_BYTES);
    params_add_id(p, place.run);
    params_add_id(p, place.project);
    params_add_id_or_null(p, place.runner);
    params_add_id(p, run);
    params_add_text(p, trigger_by);
    params_add_text_array(p, keys, env_n);
    params_add_bytes_column(p, values, env_n, sizeof(values[0]));
}

void run_trigger_store_rerun_refusal_read(const struct rows *rows, bool *ret_has_runner,
                                          const char **ret_quota)
{
    *ret_has_runner = row_bool(rows, 0, 0);
    *ret_quota = row_text(rows, 0, 1);
}
