/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key_store.h"

#include "model/container_registry.h"

#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)

/* version u8, length u8, key id */
#define OTHER_KEY(value)                                                                           \
    " substring(" value " FROM 3 FOR get_byte(" value ", 1)) <> convert_to($1, 'UTF8')"
#define PAGE " LIMIT " TEXT(KEY_STORE_PAGE)

static const char sql_runner_env[] =
    "SELECT e.id, r.project_id, e.runner_id, e.env_key, e.value"
    " FROM runner_env e JOIN runners r ON r.id = e.runner_id"
    " WHERE" OTHER_KEY("e.value") " AND (e.id, e.env_key) > ($2::uuid, $3) ORDER BY 1, 4" PAGE;
static const char sql_runner_env_update[] =
    "UPDATE runner_env SET value = $4 WHERE id = $1 AND env_key = $2 AND value = $3::bytea";
static const char sql_run_env[] =
    "SELECT e.run_id, r.project_id, e.owner_id, e.env_key, e.value"
    " FROM run_env e JOIN runs r ON r.id = e.run_id"
    " WHERE" OTHER_KEY("e.value") " AND (e.run_id, e.env_key) > ($2::uuid, $3) ORDER BY 1, 4" PAGE;
static const char sql_run_env_update[] =
    "UPDATE run_env SET value = $4 WHERE run_id = $1 AND env_key = $2 AND value = $3::bytea";
static const char sql_registries[] =
    "SELECT c.id, c.project_id, c.id, '" CONTAINER_REGISTRY_PASSWORD
    "', c.password FROM container_registries c"
    " WHERE c.password IS NOT NULL AND" OTHER_KEY(
        "c.password") "  AND (c.id, '" CONTAINER_REGISTRY_PASSWORD
                      "') > ($2::uuid, $3) ORDER BY 1" PAGE;
static const char sql_registries_update[] =
    "UPDATE container_registries SET password = $4"
    " WHERE id = $1 AND $2::text = '" CONTAINER_REGISTRY_PASSWORD "' AND password = $3::bytea";
static const char sql_sample[] =
    "(SELECT e.id, r.project_id, e.runner_id, e.env_key, e.value"
    "  FROM runner_env e JOIN runners r ON r.id = e.runner_id ORDER BY e.id DESC LIMIT 20)"
    " UNION ALL (SELECT e.run_id, r.project_id, e.owner_id, e.env_key, e.value"
    "  FROM run_env e JOIN runs r ON r.id = e.run_id ORDER BY e.run_id DESC LIMIT 20)"
    " UNION ALL (SELECT c.id, c.project_id, c.id, '" CONTAINER_REGISTRY_PASSWORD "', c.password"
    "  FROM container_registries c WHERE c.password IS NOT NULL ORDER BY c.id DESC LIMIT 20)";
static const char sql_transactions[] =
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
    " pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

static const struct statement runner_env = {"key_runner_env", sql_runner_env, .repeatable = true};
static const struct statement runner_env_update = {"key_runner_env_update", sql_runner_env_update,
                                                   .repeatable = true};
static const struct statement run_env = {"key_run_env", sql_run_env, .repeatable = true};
static const struct statement run_env_update = {"key_run_env_update", sql_run_env_update,
                                                .repeatable = true};
static const struct statement registries = {"key_registries", sql_registries, .repeatable = true};
static const struct statement registries_update = {"key_registries_update", sql_registries_update,
                                                   .repeatable = true};
const struct statement key_store_sample = {"key_sample", sql_sample, .repeatable = true};
const struct statement key_store_transactions = {"key_transactions", sql_transactions,
                                                 .repeatable = true};

const struct key_store_table key_store_tables[] = {
    {&runner_env, &runner_env_update},
    {&run_env, &run_env_update},
    {&registries, &registries_update},
};
const size_t key_store_tables_n = sizeof(key_store_tables) / sizeof(key_store_tables[0]);

void key_store_list_params(struct params *p, const char *key_id, struct id after_row,
                           const char *after_env_key)
{
    params_init(p, 2048);
    params_add_text(p, key_id);
    params_add_id(p, after_row);
    params_add_text(p, after_env_key);
}

void key_store_read(const struct rows *rows, int row, struct encrypted_value *ret_value)
{
    *ret_value = (struct encrypted_value){
        .row = row_id(rows, row, 0),
        .project = row_id(rows, row, 1),
        .owner = row_id(rows, row, 2),
        .env_key = row_text(rows, row, 3),
    };
    ret_value->blob = row_bytes(rows, row, 4, &ret_value->blob_n);
}

void key_store_update_params(struct params *p, const struct encrypted_value *value,
                             const void *blob, size_t blob_n)
{
    params_init(p, 4 << 20);
    params_add_id(p, value->row);
    params_add_text(p, value->env_key);
    params_add_bytes(p, value->blob, value->blob_n);
    params_add_bytes(p, blob, blob_n);
}

void key_store_transactions_read(const struct rows *rows, int64_t *ret_oldest, int64_t *ret_next)
{
    *ret_oldest = row_i64(rows, 0, 0, 0);
    *ret_next = row_i64(rows, 0, 1, 0);
}
