/* SPDX-License-Identifier: Apache-2.0 */
#include "store/env_store.h"

#include "model/limits.h"

#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)

#define ENV_COLUMNS ", e.id, e.env_key, e.value, e.secret, e.created_at, e.updated_at"

/* $1 and $2 of every statement */
#define OWNER "runners WHERE id = $1 AND project_id = $2 AND status = 'available'"

static const char sql_list[] =
    "SELECT (SELECT count(*) FROM runner_env WHERE runner_id = r.id)" ENV_COLUMNS
    " FROM (SELECT id FROM " OWNER ") r LEFT JOIN LATERAL"
    " (SELECT * FROM runner_env WHERE runner_id = r.id"
    "  ORDER BY env_key COLLATE \"C\" LIMIT $3 OFFSET $4) e ON true"
    " ORDER BY e.env_key COLLATE \"C\"";

static const char sql_get[] = "SELECT 1" ENV_COLUMNS " FROM runner_env e"
                              " WHERE e.id = $3 AND e.runner_id = (SELECT id FROM " OWNER ")";

/* Column 0 counts the variables before this one. */
static const char sql_insert[] =
    "WITH owner AS ("
    " SELECT id, (SELECT count(*) FROM runner_env WHERE runner_id = $1) AS had FROM " OWNER
    "), made AS ("
    " INSERT INTO runner_env (id, runner_id, env_key, value, secret)"
    " SELECT $3, id, $4, $5, $6 FROM owner WHERE had < " TEXT(
        LIMIT_ENV_VARIABLES) " ON CONFLICT DO NOTHING RETURNING *"
                             ") SELECT owner.had" ENV_COLUMNS " FROM owner LEFT JOIN"
                             " (SELECT * FROM made UNION ALL SELECT * FROM runner_env WHERE id = "
                             "$3) e"
                             " ON e.runner_id = owner.id";

static const char sql_update[] =
    "UPDATE runner_env e SET env_key = $4, value = $5, secret = $6, updated_at = now()"
    " WHERE e.id = $3 AND e.runner_id = (SELECT id FROM " OWNER ") AND e.value = $7"
    " RETURNING 1" ENV_COLUMNS;

static const char sql_delete[] =
    "DELETE FROM runner_env e WHERE e.id = $3 AND e.runner_id = (SELECT id FROM " OWNER ")"
    " RETURNING 1" ENV_COLUMNS;

const struct statement env_store_list = {"env_list", sql_list, .repeatable = true};
const struct statement env_store_get = {"env_get", sql_get, .repeatable = true};
const struct statement env_store_insert = {"env_insert", sql_insert, .repeatable = true};
const struct statement env_store_update = {"env_update", sql_update, .repeatable = false};
const struct statement env_store_delete = {"env_delete", sql_delete, .repeatable = false};

void env_store_read(const struct rows *rows, int row, struct env_variable *ret_variable)
{
    size_t blob_n;
    const void *blob = row_bytes(rows, row, 3, &blob_n);
    *ret_variable = (struct env_variable){
        .id = row_id(rows, row, 1),
        .env_key = row_text(rows, row, 2),
        .blob = blob,
        .blob_n = blob_n,
        .secret = row_bool(rows, row, 4),
        .created_at_us = row_time_us(rows, row, 5),
        .updated_at_us = row_time_us(rows, row, 6),
    };
}

static void add_owner(struct params *p, struct env_owner owner)
{
    params_add_id(p, owner.runner);
    params_add_id(p, owner.project);
}

void env_store_list_params(struct params *p, struct env_owner owner, struct page_window window)
{
    params_init(p, 128);
    add_owner(p, owner);
    page_window_params(p, window);
}

void env_store_one_params(struct params *p, struct env_owner owner, struct id variable)
{
    params_init(p, 128);
    add_owner(p, owner);
    params_add_id(p, variable);
}

void env_store_insert_params(struct params *p, struct env_owner owner,
                             const struct env_variable *variable)
{
    params_init(p, 4 * LIMIT_ENV_VALUE_BYTES);
    add_owner(p, owner);
    params_add_id(p, variable->id);
    params_add_text(p, variable->env_key);
    params_add_bytes(p, variable->blob, variable->blob_n);
    params_add_bool(p, variable->secret);
}

enum env_insertion env_store_insert_read(const struct rows *rows)
{
    if (rows_count(rows) == 0)
        return ENV_NO_RUNNER;
    if (!row_is_null(rows, 0, 1))
        return ENV_INSERTED;
    return row_i64(rows, 0, 0, 0) < LIMIT_ENV_VARIABLES ? ENV_KEY_TAKEN : ENV_TOO_MANY;
}

void env_store_update_params(struct params *p, struct env_owner owner,
                             const struct env_variable *variable, const void *old_blob,
                             size_t old_blob_n)
{
    env_store_insert_params(p, owner, variable);
    params_add_bytes(p, old_blob, old_blob_n);
}
