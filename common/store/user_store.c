/* SPDX-License-Identifier: Apache-2.0 */
#include "store/user_store.h"

#define COLUMNS                                                                                    \
    "u.id, u.email, u.name, u.password_hash, u.is_admin, u.status, u.created_at, u.updated_at"

static const char sql_list[] =
    "SELECT total.n, " COLUMNS " FROM (SELECT count(*) AS n FROM users) total"
    " LEFT JOIN LATERAL (SELECT * FROM users ORDER BY id LIMIT $1 OFFSET $2) u ON true"
    " ORDER BY u.id";
static const char sql_get[] = "SELECT 1::bigint, " COLUMNS " FROM users u WHERE id = $1";
static const char sql_find[] = "SELECT 1::bigint, " COLUMNS " FROM users u WHERE email = lower($1)";
static const char sql_create[] =
    "WITH made AS ("
    " INSERT INTO users (id, email, name, password_hash, is_admin)"
    " VALUES ($1::uuid, lower($2), $3, $4, $5::bool)"
    " ON CONFLICT (id) DO NOTHING RETURNING *)"
    " SELECT 1::bigint, " COLUMNS
    " FROM (SELECT * FROM made UNION ALL SELECT * FROM users WHERE id = $1) u LIMIT 1";
static const char sql_update[] =
    "UPDATE users u SET email = lower($2), name = $3, password_hash = $4, is_admin = $5::bool,"
    " status = $6, updated_at = now() WHERE id = $1 AND updated_at = $7"
    " RETURNING 1::bigint, " COLUMNS;
static const char sql_delete[] = "DELETE FROM users WHERE id = $1 RETURNING id";

const struct statement user_store_list = {"user_list", sql_list, .repeatable = true};
const struct statement user_store_get = {"user_get", sql_get, .repeatable = true};
const struct statement user_store_find = {"user_find", sql_find, .repeatable = true};
const struct statement user_store_create = {"user_create", sql_create, .repeatable = true};
const struct statement user_store_update = {"user_update", sql_update, .repeatable = false};
const struct statement user_store_delete = {"user_delete", sql_delete, .repeatable = false};

void user_store_list_params(struct params *p, struct page_window window)
{
    params_init(p, 64);
    page_window_params(p, window);
}

void user_store_read(const struct rows *rows, int row, struct user *ret_user)
{
    *ret_user = (struct user){
        .id = row_id(rows, row, 1),
        .email = row_text(rows, row, 2),
        .name = row_text(rows, row, 3),
        .password_hash = row_text(rows, row, 4),
        .is_admin = row_bool(rows, row, 5),
        .status = row_text(rows, row, 6),
        .created_at_us = row_time_us(rows, row, 7),
        .updated_at_us = row_time_us(rows, row, 8),
    };
}

void user_store_get_params(struct params *p, struct id user)
{
    params_init(p, 64);
    params_add_id(p, user);
}

void user_store_find_params(struct params *p, const char *email)
{
    params_init(p, 4096);
    params_add_text(p, email);
}

void user_store_create_params(struct params *p, const struct user *user)
{
    params_init(p, 8192);
    params_add_id(p, user->id);
    params_add_text(p, user->email);
    params_add_text(p, user->name);
    params_add_text(p, user->password_hash);
    params_add_bool(p, user->is_admin);
}

void user_store_update_params(struct params *p, const struct user *user)
{
    user_store_create_params(p, user);
    params_add_text(p, user->status);
    params_add_time(p, user->updated_at_us);
}

void user_store_delete_params(struct params *p, struct id user)
{
    user_store_get_params(p, user);
}
