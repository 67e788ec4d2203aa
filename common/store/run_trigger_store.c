/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_trigger_store.h"

#include <assert.h>
#include <string.h>

#include "base/defer.h"
#include "model/limits.h"
#include "store/idempotency_store.h"
#include "store/image_name.h"
#include "store/run_columns.h"
#include "store/run_kinds.h"

#define LABELS_FIT "(SELECT count(*) FROM jsonb_object_keys(all_labels)) <= " TEXT(LIMIT_LABELS)

/* Ids of all runs, kind by kind: $1. A row for each kind of request: $2 to $16; `first` and `last`
 * are places in $1. Environments: $17 to $19, a row for each value. */
#define ASKED                                                                                      \
    "asked AS (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::uuid[],"           \
    " $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[],"  \
    " $13::bigint[], $14::text[], $15::text[], $16::text[])"                                       \
    " AS a(first, last, project, runner, type_slug, more_labels, replaces, command, argv,"         \
    " entrypoint, timeout_s, priority, kind, by, own_keys))"
#define IDS_OF_KIND "unnest(($1::uuid[])[w.first:w.last]) AS i(id)"

/* What of a runner a run has as it is: the same names in both. */
#define COPIED                                                                                     \
    "runner_id, project_id, runner_version, region_id, image, image_digest, stop_grace_seconds,"   \
    " stop_signal, pull_policy, pull_timeout_seconds, pids_limit, shm_size_mb, network, sandbox,"  \
    " read_only, user_spec, container_registry_id, log_storage, hold, retry,"                      \
    " pending_timeout_seconds, placement_labels"
#define FOUND_OUT                                                                                  \
    "instance_type_id, memory_mb, cpu_milli, price_second_nano, command, argv, entrypoint,"        \
    " timeout_seconds, priority, queue_at, labels, env_keys, log_limit_bytes, pending_until,"      \
    " trigger_kind, trigger_by"

/* All runs of a kind are alike but for their ids, and a kind comes to one row. A quota counts what
 * is committed, so runs under one are made kind by kind. */
#define NO_PRIORITY TEXT(RUN_UNKNOWN)
#define WANTED                                                                                     \
    "wanted AS MATERIALIZED (SELECT " COPIED ", a.first, a.last, t.id AS instance_type_id,"        \
    "  t.memory_mb, t.cpu_milli, t.price_second_nano, CASE WHEN a.replaces <> 0 THEN a.command"    \
    "   ELSE r.run_command END AS command, CASE WHEN a.replaces = 0 THEN r.argv"                   \
    "   ELSE ARRAY(SELECT jsonb_array_elements_text(a.argv::jsonb)) END AS argv,"                  \
    "  coalesce(a.entrypoint, r.entrypoint) AS entrypoint,"                                        \
    "  coalesce(nullif(a.timeout_s, 0), r.timeout_seconds)::int AS timeout_seconds,"               \
    "  own.priority, now() - own.priority * interval '" PRIORITY_WORTH "' AS queue_at,"            \
    "  own.all_labels AS labels, own.keys AS own_keys,"                                            \
    "  ARRAY(SELECT k FROM (SELECT env_key FROM runner_env e WHERE e.runner_id = r.runner_id"      \
    "   UNION SELECT unnest(own.keys)) e(k) ORDER BY k COLLATE \"C\") AS env_keys,"                \
    "  least(r.log_limit_bytes, r.max_log_bytes_per_run) AS log_limit_bytes,"                      \
    "  now() + make_interval(secs => r.pending_timeout_seconds) AS pending_until,"                 \
    "  a.kind AS trigger_kind, a.by AS trigger_by FROM asked a"                                    \
    " CROSS JOIN LATERAL (SELECT * FROM runner_runs"                                               \
    "  WHERE runner_id = a.runner AND project_id = a.project OFFSET 0) r"                          \
    " JOIN instance_types t ON t.id = CASE WHEN a.type_slug IS NULL THEN r.instance_type_id"       \
    "  ELSE (SELECT id FROM instance_types WHERE slug = a.type_slug) END"                          \
    " CROSS JOIN LATERAL (SELECT coalesce(nullif(a.priority, " NO_PRIORITY "), r.priority)::int,"  \
    "  CASE WHEN a.more_labels IS NULL THEN r.labels ELSE r.labels || a.more_labels::jsonb END,"   \
    "  coalesce(string_to_array(a.own_keys, ','), '{}')) own(priority, all_labels, keys)"          \
    " WHERE (a.more_labels IS NULL OR " LABELS_FIT ")"                                             \
    "  AND CASE WHEN r.has_quota THEN cardinality($2) = 1"                                         \
    "    AND project_admits(a.project, t.memory_mb, a.last - a.first + 1) IS NULL"                 \
    "   ELSE true END)"

/* In parentheses and with IS TRUE behind, lest it become a join, which would be one by nested loops
 * (api/db/db_connect.c): so it is a table of hashes. */
#define IN_MADE " IN (SELECT id FROM made)"

/* What a run is as it begins: the columns of RUN_COLUMNS that are not of its kind. */
#define JUST_MADE                                                                                  \
    "'pending' AS state, 0 AS attempt, false AS stop_requested, NULL::uuid AS hypervisor_id,"      \
    " '' AS trigger_ref, 'queued' AS pending_reason, NULL::text AS pending_message, 0 AS retries," \
    " NULL::text AS termination_reason, NULL::text AS termination_message,"                        \
    " NULL::int AS exit_code, false AS oom_killed, NULL::bigint AS pull_ms,"                       \
    " NULL::bigint AS start_ms, NULL::bigint AS cpu_ms, NULL::bigint AS memory_peak_bytes,"        \
    " NULL::bigint AS io_read_bytes, NULL::bigint AS io_write_bytes, NULL::bigint AS log_bytes,"   \
    " false AS log_truncated, now() AS created_at, now() AS updated_at,"                           \
    " NULL::timestamptz AS assigned_at, NULL::timestamptz AS started_at,"                          \
    " NULL::timestamptz AS completed_at"

/* A row for each kind, as its first run is. Column 0 is NULL when all were made, else the ids of
 * those of the kind that were, one after the other. */
#define MAKE(claims, claimed)                                                                      \
    "WITH " ASKED ", " WANTED ", " claims "made AS ("                                              \
    " INSERT INTO runs (id, pending_reason, " COPIED ", " FOUND_OUT ")"                            \
    " SELECT i.id, 'queued', " COPIED ", " FOUND_OUT                                               \
    " FROM wanted w CROSS JOIN LATERAL " IDS_OF_KIND claimed                                       \
    " ON CONFLICT (id) DO NOTHING RETURNING id"                                                    \
    "), env AS ("                                                                                  \
    " INSERT INTO run_env (run_id, env_key, owner_id, value, secret)"                              \
    " SELECT o.id, o.k, o.id, o.v, o.k <> 'TRACEPARENT'"                                           \
    " FROM unnest($17::uuid[], $18::text[], $19::bytea[]) o(id, k, v)"                             \
    " WHERE (o.id" IN_MADE ") IS TRUE"                                                             \
    " UNION ALL SELECT i.id, e.env_key, e.runner_id, e.value, e.secret"                            \
    " FROM wanted w"                                                                               \
    " JOIN runner_env e ON e.runner_id = w.runner_id AND e.env_key <> ALL (w.own_keys)"            \
    " CROSS JOIN LATERAL " IDS_OF_KIND " WHERE (i.id" IN_MADE ") IS TRUE"                          \
    ") SELECT CASE WHEN (SELECT count(*) FROM made) < cardinality($1) THEN"                        \
    "   (SELECT coalesce(string_agg(uuid_send(id), ''), '') FROM made"                             \
    "    WHERE id = ANY (($1)[r.first:r.last])) END" RUN_COLUMNS                                   \
    " FROM (SELECT w.*, ($1)[w.first] AS id, " JUST_MADE " FROM wanted w) r"                       \
    " LEFT JOIN regions g ON g.id = r.region_id"                                                   \
    " LEFT JOIN instance_types t ON t.id = r.instance_type_id"                                     \
    " CROSS JOIN (VALUES (NULL::text)) h(name) CROSS JOIN (VALUES (NULL::bigint)) l(last_id)"      \
    " LEFT JOIN queue_notes q ON" RUN_NOTE

static const char sql_trigger[] = MAKE("", "");

/* Keys ($20, with $21) of runs that can be made, unless somebody has them: sorted, so that two
 * statements do not wait for each other. */
#define CLAIMED                                                                                    \
    "claimed AS ("                                                                                 \
    " INSERT INTO idempotency_keys AS k (project_id, key, hash, object_id)"                        \
    " SELECT w.project_id, i.key, i.hash, i.id FROM wanted w CROSS JOIN LATERAL"                   \
    "  unnest(($1::uuid[])[w.first:w.last], ($20::text[])[w.first:w.last],"                        \
    "   ($21::bytea[])[w.first:w.last]) AS i(id, key, hash) ORDER BY w.project_id, i.key"          \
    " ON CONFLICT (project_id, key) DO UPDATE SET hash = excluded.hash,"                           \
    "  object_id = excluded.object_id, created_at = excluded.created_at"                           \
    "  WHERE " IDEMPOTENCY_STORE_TOO_OLD " RETURNING object_id), "
static const char sql_trigger_once[] =
    MAKE(CLAIMED, " WHERE (i.id IN (SELECT object_id FROM claimed)) IS TRUE");

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
    "  (SELECT project_admits($1, type.memory_mb, 1) FROM type)";

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
    "  AND project_admits($2, old.memory_mb, 1) IS NULL ON CONFLICT (id) DO NOTHING RETURNING *"
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
    "  project_admits($2, r.memory_mb, 1)"
    " FROM (SELECT * FROM runs WHERE" RUN_PLACE ") r";

const struct statement run_trigger_store_rerun = {"run_rerun", sql_rerun, .repeatable = true,
                                                  .grouped = true};
const struct statement run_trigger_store_rerun_refusal = {"run_rerun_refusal", sql_rerun_refusal,
                                                          .repeatable = true};
const struct statement run_trigger_store_make = {"run_trigger", sql_trigger, .repeatable = true};
const struct statement run_trigger_store_make_once = {"run_trigger_once", sql_trigger_once,
                                                      .repeatable = true};
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

/* Their own keys, between commas; NULL for none. */
static void add_own_keys(struct params *p, const struct run_kinds *kinds)
{
    size_t at[RUN_KINDS_MAX];
    const char *keys[RUN_KINDS_MAX];
    CLEANUP(buf_done) struct buf all;
    buf_init(&all, p->bytes.max_bytes);
    for (size_t k = 0; k < kinds->n; k++) {
        const struct run_request *request = &kinds->kinds[k].request;
        at[k] = all.len;
        for (size_t i = 0; i < request->env_n; i++) {
            buf_add_text(&all, i > 0 ? "," : "");
            buf_add_text(&all, request->env[i].env_key);
        }
        buf_add_char(&all, '\0');
    }
    p->bytes.failed |= !buf_ok(&all);
    for (size_t k = 0; k < kinds->n; k++)
        keys[k] = buf_ok(&all) && kinds->kinds[k].request.env_n > 0 ? all.data + at[k] : NULL;
    params_add_text_column(p, keys, kinds->n, sizeof(keys[0]));
}

/* Environments of all requests. */
struct env_column {
    struct id run;
    const char *key;
    struct params_bytes value;
};

static void add_env(struct params *p, const struct run_request *requests, size_t n)
{
    size_t env_n = 0;
    for (size_t i = 0; i < n; i++)
        env_n += requests[i].env_n;
    CLEANUP(freep) struct env_column *env = calloc(env_n + 1, sizeof(*env));
    if (env == NULL) {
        p->bytes.failed = true;
        return;
    }
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < requests[i].env_n; k++) {
            const struct run_env *one = &requests[i].env[k];
            env[at++] =
                (struct env_column){requests[i].id, one->env_key, {one->value, one->value_n}};
        }
    }
    params_add_id_column(p, &env[0].run, env_n, sizeof(env[0]));
    params_add_text_column(p, &env[0].key, env_n, sizeof(env[0]));
    params_add_bytes_column(p, &env[0].value, env_n, sizeof(env[0]));
}

/* `kinds` is filled in. */
static void add_requests(struct params *p, const struct run_request *requests, size_t n,
                         struct run_kinds *kinds)
{
    const struct run_kind *all = kinds->kinds;
    const struct run_request *request = &all[0].request;
    const size_t size = sizeof(all[0]);
    assert(n >= 1 && n <= RUN_TRIGGER_MAX);
    run_kinds_sort(requests, n, kinds);
    params_init(p, 8 * LIMIT_BODY_BYTES);
    params_add_id_column(p, kinds->ids, n, sizeof(kinds->ids[0]));
    params_add_i64_column(p, &all[0].first, kinds->n, size);
    params_add_i64_column(p, &all[0].last, kinds->n, size);
    params_add_id_column(p, &request->project, kinds->n, size);
    params_add_id_column(p, &request->runner, kinds->n, size);
    params_add_text_column(p, &request->instance_type, kinds->n, size);
    params_add_text_column(p, &request->labels, kinds->n, size);
    params_add_i64_column(p, &request->replaces_command, kinds->n, size);
    params_add_text_column(p, &request->command, kinds->n, size);
    params_add_text_column(p, &request->argv, kinds->n, size);
    params_add_text_column(p, &request->entrypoint, kinds->n, size);
    params_add_i64_column(p, &request->timeout_seconds, kinds->n, size);
    params_add_i64_column(p, &request->priority, kinds->n, size);
    params_add_text_column(p, &request->trigger_kind, kinds->n, size);
    params_add_text_column(p, &request->trigger_by, kinds->n, size);
    add_own_keys(p, kinds);
    add_env(p, requests, n);
}

void run_trigger_store_make_params(struct params *p, const struct run_request *requests, size_t n)
{
    struct run_kinds kinds;
    add_requests(p, requests, n, &kinds);
}

void run_trigger_store_make_once_params(struct params *p, const struct run_request *requests,
                                        size_t n)
{
    struct run_kinds kinds;
    const char *keys[RUN_KINDS_MAX];
    struct params_bytes hashes[RUN_KINDS_MAX];
    add_requests(p, requests, n, &kinds);
    for (size_t i = 0; i < n; i++) {
        const struct run_request *request = &requests[kinds.at[i]];
        keys[i] = request->key;
        hashes[i] = (struct params_bytes){request->key_hash, sizeof(request->key_hash)};
    }
    params_add_text_column(p, keys, n, sizeof(keys[0]));
    params_add_bytes_column(p, hashes, n, sizeof(hashes[0]));
}

bool run_trigger_store_is_made(const struct rows *rows, int row, struct id id)
{
    size_t n;
    if (row_is_null(rows, row, COLUMN_OF_STATEMENT))
        return true;
    const char *ids = row_bytes(rows, row, COLUMN_OF_STATEMENT, &n);
    for (size_t at = 0; at + sizeof(id.bytes) <= n; at += sizeof(id.bytes)) {
        if (memcmp(ids + at, id.bytes, sizeof(id.bytes)) == 0)
            return true;
    }
    return false;
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
