/* SPDX-License-Identifier: Apache-2.0 */
#include "store/runner_store.h"

#include "store/catalog_store.h"
#include "store/container_registry_store.h"

#define RUNNER_PARAMS_BYTES (1 << 20)

/* What is read, of `runners r`: name here, expression. Column 0 is a page's total. */
#define RUNNER_READ(X)                                                                             \
    X(ID, "r.id")                                                                                  \
    X(PROJECT, "r.project_id")                                                                     \
    X(STATUS, "r.status")                                                                          \
    X(NAME, "r.name")                                                                              \
    X(IMAGE_NAME, "r.image_name")                                                                  \
    X(IMAGE_TAG, "r.image_tag")                                                                    \
    X(IMAGE_DIGEST, "r.image_digest")                                                              \
    X(RUN_COMMAND, "r.run_command")                                                                \
    X(ARGV, "to_jsonb(r.argv)::text")                                                              \
    X(ENTRYPOINT, "r.entrypoint")                                                                  \
    X(TIMEOUT_SECONDS, "r.timeout_seconds")                                                        \
    X(STOP_GRACE_SECONDS, "r.stop_grace_seconds")                                                  \
    X(STOP_SIGNAL, "r.stop_signal")                                                                \
    X(PULL_POLICY, "r.pull_policy")                                                                \
    X(PULL_TIMEOUT_SECONDS, "r.pull_timeout_seconds")                                              \
    X(PRIORITY, "r.priority")                                                                      \
    X(MAX_CONCURRENCY, "r.max_concurrency")                                                        \
    X(ON_OVERLAP, "r.on_overlap")                                                                  \
    X(RETRY, "r.retry::text")                                                                      \
    X(PENDING_TIMEOUT_SECONDS, "r.pending_timeout_seconds")                                        \
    X(HYPERVISOR_LABELS, "r.hypervisor_labels::text")                                              \
    X(PIDS_LIMIT, "r.pids_limit")                                                                  \
    X(SHM_SIZE_MB, "r.shm_size_mb")                                                                \
    X(NETWORK, "r.network")                                                                        \
    X(SANDBOX, "r.sandbox")                                                                        \
    X(READ_ONLY, "r.read_only")                                                                    \
    X(USER, "r.user_spec")                                                                         \
    X(LOG_LIMIT_BYTES, "r.log_limit_bytes")                                                        \
    X(LOG_STORAGE, "r.log_storage")                                                                \
    X(LABELS, "r.labels::text")                                                                    \
    X(VERSION, "r.version")                                                                        \
    X(WARMED_AT, "r.warmed_at")                                                                    \
    X(CREATED_AT, "r.created_at")                                                                  \
    X(UPDATED_AT, "r.updated_at")

/* What is written: column, its parameter, and how the parameter is made of `runner`. $1 and $2 are
 * the ids of project and runner. */
#define RUNNER_WRITTEN(X)                                                                          \
    X("name", "$3", params_add_text(p, runner->name))                                              \
    X("image_name", "$4", params_add_text(p, runner->image_name))                                  \
    X("image_tag", "$5", params_add_text(p, runner->image_tag))                                    \
    X("image_digest", "$6", params_add_text(p, runner->image_digest))                              \
    X("run_command", "$7", params_add_text(p, runner->run_command))                                \
    X("argv", "ARRAY(SELECT jsonb_array_elements_text($8::jsonb))",                                \
      params_add_text(p, runner->argv))                                                            \
    X("entrypoint", "$9", params_add_text(p, runner->entrypoint))                                  \
    X("timeout_seconds", "$10", params_add_i64(p, runner->timeout_seconds))                        \
    X("stop_grace_seconds", "$11", params_add_i64(p, runner->stop_grace_seconds))                  \
    X("stop_signal", "$12", params_add_text(p, runner->stop_signal))                               \
    X("pull_policy", "$13", params_add_text(p, runner->pull_policy))                               \
    X("pull_timeout_seconds", "$14", params_add_i64(p, runner->pull_timeout_seconds))              \
    X("priority", "$15", params_add_i64(p, runner->priority))                                      \
    X("pids_limit", "$16", params_add_i64(p, runner->pids_limit))                                  \
    X("shm_size_mb", "$17", params_add_i64(p, runner->shm_size_mb))                                \
    X("network", "$18", params_add_text(p, runner->network))                                       \
    X("read_only", "$19", params_add_bool(p, runner->read_only))                                   \
    X("user_spec", "$20", params_add_text(p, runner->user))                                        \
    X("log_limit_bytes", "$21", params_add_i64(p, runner->log_limit_bytes))                        \
    X("labels", "$22::jsonb", params_add_text(p, runner->labels))                                  \
    X("region_id", "$23", params_add_id(p, runner->region.id))                                     \
    X("instance_type_id", "$24", params_add_id(p, runner->instance_type.id))                       \
    X("sandbox", "$25", params_add_text(p, runner->sandbox))                                       \
    X("container_registry_id", "$26", params_add_id_or_null(p, runner->container_registry.id))     \
    X("log_storage", "$27", params_add_text(p, runner->log_storage))                               \
    X("max_concurrency", "$28::int", add_or_null(p, runner->max_concurrency))                      \
    X("on_overlap", "$29", params_add_text(p, runner->on_overlap))                                 \
    X("retry", "$30::jsonb", params_add_text(p, runner->retry))                                    \
    X("pending_timeout_seconds", "$31::int", add_or_null(p, runner->pending_timeout_seconds))      \
    X("hypervisor_labels", "$32::jsonb", params_add_text(p, runner->hypervisor_labels))

#define READ_ENUM(name, sql) COLUMN_##name,
#define READ_SQL(name, sql) ", " sql
#define WRITTEN_COLUMN(column, value, add) ", " column
#define WRITTEN_VALUE(column, value, add) ", " value
#define WRITTEN_SET(column, value, add) ", " column " = " value
#define WRITTEN_ADD(column, value, add) add;

enum {
    COLUMN_TOTAL,
    RUNNER_READ(READ_ENUM) /* then: */
    COLUMN_REGION,
    COLUMN_TYPE = COLUMN_REGION + CATALOG_REGION_COLUMN_COUNT,
    COLUMN_REGISTRY = COLUMN_TYPE + CATALOG_TYPE_COLUMN_COUNT,
};

#define SELECTED                                                                                   \
    RUNNER_READ(READ_SQL) CATALOG_REGION_COLUMNS CATALOG_TYPE_COLUMNS CONTAINER_REGISTRY_COLUMNS
#define COLUMNS RUNNER_WRITTEN(WRITTEN_COLUMN)
#define VALUES RUNNER_WRITTEN(WRITTEN_VALUE)
#define ASSIGNMENTS RUNNER_WRITTEN(WRITTEN_SET)
#define JOINS                                                                                      \
    " LEFT JOIN regions g ON g.id = r.region_id"                                                   \
    " LEFT JOIN instance_types t ON t.id = r.instance_type_id"                                     \
    " LEFT JOIN container_registries c ON c.id = r.container_registry_id"

/* $1 is the project in every statement, $2 the runner in all but the list. */
#define LIVE " project_id = $1 AND status = 'available'"

static const char sql_list[] =
    "SELECT total.n" SELECTED " FROM (SELECT count(*) AS n FROM runners WHERE" LIVE ") total"
    " LEFT JOIN (SELECT * FROM runners WHERE" LIVE
    " ORDER BY id DESC LIMIT $2 OFFSET $3) r ON true" JOINS " ORDER BY r.id DESC";

static const char sql_get[] =
    "SELECT 1" SELECTED " FROM (SELECT * FROM runners WHERE id = $2 AND" LIVE ") r" JOINS;

static const char sql_insert[] =
    "WITH made AS ("
    " INSERT INTO runners (project_id, id" COLUMNS ") VALUES ($1, $2" VALUES ")"
    " ON CONFLICT (id) DO NOTHING RETURNING *"
    ") SELECT 1" SELECTED
    " FROM (SELECT * FROM made UNION ALL SELECT * FROM runners WHERE id = $2) r" JOINS;

static const char sql_update[] =
    "WITH old AS ("
    " SELECT id, (version" COLUMNS ") IS DISTINCT FROM (version" VALUES ") AS differs"
    " FROM runners WHERE id = $2 AND" LIVE " AND version = $33 FOR UPDATE"
    "), edited AS ("
    " UPDATE runners SET version = version + old.differs::int,"
    "  updated_at = CASE WHEN old.differs THEN now() ELSE updated_at END" ASSIGNMENTS
    " FROM old WHERE runners.id = old.id RETURNING runners.*"
    ") SELECT 1" SELECTED " FROM edited r" JOINS;

/* A trigger at the same moment may still make a run of the archived runner: it has all it needs
 * and simply runs. */
static const char sql_delete[] =
    "WITH target AS ("
    " SELECT id FROM runners WHERE id = $2 AND" LIVE " FOR UPDATE"
    "), archived AS ("
    " UPDATE runners SET status = 'archived', updated_at = now() FROM target"
    " WHERE runners.id = target.id AND NOT EXISTS (SELECT FROM runs WHERE runner_id = $2"
    "   AND state IN ('pending', 'assigned', 'running'))"
    " RETURNING runners.id"
    "), erased AS ("
    " DELETE FROM runner_env USING archived WHERE runner_id = archived.id"
    ") SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM archived)";

const struct statement runner_store_list = {"runner_list", sql_list, .repeatable = true};
const struct statement runner_store_get = {"runner_get", sql_get, .repeatable = true};
const struct statement runner_store_insert = {"runner_insert", sql_insert, .repeatable = true};
const struct statement runner_store_update = {"runner_update", sql_update, .repeatable = true};
const struct statement runner_store_delete = {"runner_delete", sql_delete, .repeatable = false};

void runner_store_read(const struct rows *rows, int row, struct runner *ret_runner)
{
    *ret_runner = (struct runner){
        .id = row_id(rows, row, COLUMN_ID),
        .project = row_id(rows, row, COLUMN_PROJECT),
        .status = row_text(rows, row, COLUMN_STATUS),
        .name = row_text(rows, row, COLUMN_NAME),
        .image_name = row_text(rows, row, COLUMN_IMAGE_NAME),
        .image_tag = row_text(rows, row, COLUMN_IMAGE_TAG),
        .image_digest = row_text(rows, row, COLUMN_IMAGE_DIGEST),
        .run_command = row_text(rows, row, COLUMN_RUN_COMMAND),
        .argv = row_text(rows, row, COLUMN_ARGV),
        .entrypoint = row_text(rows, row, COLUMN_ENTRYPOINT),
        .timeout_seconds = row_i64(rows, row, COLUMN_TIMEOUT_SECONDS, 0),
        .stop_grace_seconds = row_i64(rows, row, COLUMN_STOP_GRACE_SECONDS, 0),
        .stop_signal = row_text(rows, row, COLUMN_STOP_SIGNAL),
        .pull_policy = row_text(rows, row, COLUMN_PULL_POLICY),
        .pull_timeout_seconds = row_i64(rows, row, COLUMN_PULL_TIMEOUT_SECONDS, 0),
        .priority = row_i64(rows, row, COLUMN_PRIORITY, 0),
        .max_concurrency = row_i64(rows, row, COLUMN_MAX_CONCURRENCY, 0),
        .on_overlap = row_text(rows, row, COLUMN_ON_OVERLAP),
        .retry = row_text(rows, row, COLUMN_RETRY),
        .pending_timeout_seconds = row_i64(rows, row, COLUMN_PENDING_TIMEOUT_SECONDS, 0),
        .hypervisor_labels = row_text(rows, row, COLUMN_HYPERVISOR_LABELS),
        .pids_limit = row_i64(rows, row, COLUMN_PIDS_LIMIT, 0),
        .shm_size_mb = row_i64(rows, row, COLUMN_SHM_SIZE_MB, 0),
        .network = row_text(rows, row, COLUMN_NETWORK),
        .sandbox = row_text(rows, row, COLUMN_SANDBOX),
        .read_only = row_bool(rows, row, COLUMN_READ_ONLY),
        .user = row_text(rows, row, COLUMN_USER),
        .log_limit_bytes = row_i64(rows, row, COLUMN_LOG_LIMIT_BYTES, 0),
        .log_storage = row_text(rows, row, COLUMN_LOG_STORAGE),
        .labels = row_text(rows, row, COLUMN_LABELS),
        .version = row_i64(rows, row, COLUMN_VERSION, 0),
        .warmed_at_us = row_time_us(rows, row, COLUMN_WARMED_AT),
        .created_at_us = row_time_us(rows, row, COLUMN_CREATED_AT),
        .updated_at_us = row_time_us(rows, row, COLUMN_UPDATED_AT),
    };
    catalog_store_read_region(rows, row, COLUMN_REGION, &ret_runner->region);
    catalog_store_read_type(rows, row, COLUMN_TYPE, &ret_runner->instance_type);
    container_registry_store_read(rows, row, COLUMN_REGISTRY, &ret_runner->container_registry);
}

void runner_store_list_params(struct params *p, struct id project, struct page_window window)
{
    params_init(p, 128);
    params_add_id(p, project);
    page_window_params(p, window);
}

static void add_ids(struct params *p, struct id project, struct id runner)
{
    params_add_id(p, project);
    params_add_id(p, runner);
}

void runner_store_get_params(struct params *p, struct id project, struct id runner)
{
    params_init(p, 128);
    add_ids(p, project, runner);
}

static void add_or_null(struct params *p, int64_t value)
{
    if (value == 0)
        params_add_null(p);
    else
        params_add_i64(p, value);
}

void runner_store_insert_params(struct params *p, const struct runner *runner)
{
    params_init(p, RUNNER_PARAMS_BYTES);
    add_ids(p, runner->project, runner->id);
    RUNNER_WRITTEN(WRITTEN_ADD)
}

void runner_store_update_params(struct params *p, const struct runner *runner)
{
    runner_store_insert_params(p, runner);
    params_add_i64(p, runner->version);
}

void runner_store_delete_params(struct params *p, struct id project, struct id runner)
{
    runner_store_get_params(p, project, runner);
}

enum runner_deletion runner_store_delete_read(const struct rows *rows)
{
    if (row_i64(rows, 0, 0, 0) == 0)
        return RUNNER_MISSING;
    return row_i64(rows, 0, 1, 0) == 0 ? RUNNER_IN_USE : RUNNER_DELETED;
}
