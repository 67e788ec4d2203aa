/* SPDX-License-Identifier: Apache-2.0 */
#include "store/token_store.h"

#define NAME_BYTES 4096

/* $2 is the project that was asked for. */
static const char sql_find[] =
    "SELECT t.id, t.kind, t.name, p.id, t.hypervisor_id, t.user_id, t.scopes,"
    "  coalesce(u.is_admin, false), m.role"
    " FROM tokens t LEFT JOIN users u ON u.id = t.user_id"
    " LEFT JOIN projects p ON p.id = CASE WHEN t.user_id IS NULL THEN t.project_id"
    "   ELSE coalesce($2::uuid, t.project_id,"
    "     (SELECT project_id FROM members WHERE user_id = t.user_id ORDER BY project_id LIMIT 1)) "
    "END"
    "  AND (t.user_id IS NULL OR u.is_admin"
    "       OR EXISTS (SELECT FROM members WHERE user_id = t.user_id AND project_id = p.id))"
    " LEFT JOIN members m ON m.user_id = t.user_id AND m.project_id = p.id"
    " WHERE t.hash = $1 AND (t.expires_at IS NULL OR t.expires_at > now())"
    "  AND (u.id IS NULL OR u.status = 'active')";

#define OPERATOR "'01900000-0000-7000-8000-000000000002'::uuid"
static const char sql_insert[] =
    "WITH operator AS ("
    " INSERT INTO users (id, name, is_admin) VALUES (" OPERATOR ", 'operator', true)"
    " ON CONFLICT (id) DO NOTHING)"
    " INSERT INTO tokens (id, kind, hash, name, project_id, user_id)"
    " SELECT $1::uuid, $2, $3, $4,"
    "        CASE WHEN $2 NOT IN ('join', 'metrics') THEN (SELECT id FROM projects ORDER BY id "
    "LIMIT 1) END,"
    "        CASE WHEN $2 = 'user' THEN " OPERATOR " END"
    " ON CONFLICT (id) DO NOTHING";

#define INFO "t.id, t.kind, t.name, t.project_id, t.user_id, t.scopes, t.created_at, t.expires_at"
#define OWNED                                                                                      \
    "(t.kind = 'user' AND t.user_id = $1::uuid"                                                    \
    " OR t.kind = 'project' AND t.project_id = $2::uuid OR t.kind = 'join' AND $3::bool)"

static const char sql_list[] =
    "SELECT total.n, " INFO " FROM (SELECT count(*) AS n FROM tokens t WHERE " OWNED ") total"
    " LEFT JOIN LATERAL (SELECT * FROM tokens t WHERE " OWNED
    "                    ORDER BY id DESC LIMIT $4 OFFSET $5) t ON true ORDER BY t.id DESC";

static const char sql_create[] =
    "WITH made AS ("
    " INSERT INTO tokens (id, kind, hash, name, project_id, user_id, scopes, expires_at)"
    " VALUES ($1::uuid, $2, $3::bytea, $4, $5::uuid, $6::uuid, $7::int, $8::timestamptz)"
    " ON CONFLICT (id) DO NOTHING RETURNING *)"
    " SELECT 1::bigint, " INFO
    " FROM (SELECT * FROM made UNION ALL SELECT * FROM tokens WHERE id = $1) t LIMIT 1";

static const char sql_delete[] =
    "DELETE FROM tokens t WHERE t.id = $4 AND " OWNED " RETURNING t.id";

static const char sql_drop[] = "DELETE FROM tokens WHERE kind = 'metrics' AND name = $1";

static const char sql_end_session[] =
    "DELETE FROM tokens WHERE kind = 'session' AND id = $1 RETURNING id";
static const char sql_end_sessions[] =
    "DELETE FROM tokens WHERE kind = 'session' AND user_id = $1 AND id <> $2";

const struct statement token_store_find = {"token_find", sql_find, .repeatable = true};
const struct statement token_store_insert = {"token_insert", sql_insert, .repeatable = true};
const struct statement token_store_list = {"token_list", sql_list, .repeatable = true};
const struct statement token_store_create = {"token_create", sql_create, .repeatable = true};
const struct statement token_store_delete = {"token_delete", sql_delete, .repeatable = false};
static const char sql_forget[] =
    "DELETE FROM tokens WHERE kind = 'session' AND expires_at < now() - interval '1 day'";

const struct statement token_store_forget = {"token_forget", sql_forget, .repeatable = true};
const struct statement token_store_drop_metrics = {"token_drop_metrics", sql_drop,
                                                   .repeatable = true};
const struct statement token_store_end_session = {"token_end_session", sql_end_session,
                                                  .repeatable = false};
const struct statement token_store_end_sessions = {"token_end_sessions", sql_end_sessions,
                                                   .repeatable = true};

void token_store_find_params(struct params *p, const unsigned char *hash, struct id project)
{
    params_init(p, 256);
    params_add_bytes(p, hash, TOKEN_STORE_HASH_BYTES);
    params_add_id_or_null(p, project);
}

void token_store_read(const struct rows *rows, int row, struct token_row *ret_row)
{
    *ret_row = (struct token_row){
        .id = row_id(rows, row, 0),
        .kind = row_text(rows, row, 1),
        .name = row_text(rows, row, 2),
        .project = row_id(rows, row, 3),
        .hypervisor = row_id(rows, row, 4),
        .user = row_id(rows, row, 5),
        .scopes = (unsigned)row_i64(rows, row, 6, 0),
        .is_admin = row_bool(rows, row, 7),
        .role = row_text(rows, row, 8),
    };
}

void token_store_insert_params(struct params *p, struct id id, const char *kind,
                               const unsigned char *hash, const char *name)
{
    params_init(p, NAME_BYTES);
    params_add_id(p, id);
    params_add_text(p, kind);
    params_add_bytes(p, hash, TOKEN_STORE_HASH_BYTES);
    params_add_text(p, name);
}

static void add_owner(struct params *p, struct token_owner owner)
{
    params_add_id_or_null(p, owner.user);
    params_add_id_or_null(p, owner.project);
    params_add_bool(p, owner.joins);
}

void token_store_list_params(struct params *p, struct token_owner owner, struct page_window window)
{
    params_init(p, 256);
    add_owner(p, owner);
    page_window_params(p, window);
}

void token_store_read_info(const struct rows *rows, int row, struct token_info *ret_info)
{
    *ret_info = (struct token_info){
        .id = row_id(rows, row, 1),
        .kind = row_text(rows, row, 2),
        .name = row_text(rows, row, 3),
        .project = row_id(rows, row, 4),
        .user = row_id(rows, row, 5),
        .scopes = (unsigned)row_i64(rows, row, 6, 0),
        .created_at_us = row_time_us(rows, row, 7),
        .expires_at_us = row_time_us(rows, row, 8),
    };
}

void token_store_create_params(struct params *p, const struct token_info *info,
                               const unsigned char *hash)
{
    params_init(p, NAME_BYTES);
    params_add_id(p, info->id);
    params_add_text(p, info->kind);
    params_add_bytes(p, hash, TOKEN_STORE_HASH_BYTES);
    params_add_text(p, info->name);
    params_add_id_or_null(p, info->project);
    params_add_id_or_null(p, info->user);
    params_add_i64(p, info->scopes);
    params_add_time_or_null(p, info->expires_at_us);
}

void token_store_delete_params(struct params *p, struct token_owner owner, struct id token)
{
    params_init(p, 256);
    add_owner(p, owner);
    params_add_id(p, token);
}

void token_store_end_session_params(struct params *p, struct id session)
{
    params_init(p, 64);
    params_add_id(p, session);
}

void token_store_end_sessions_params(struct params *p, struct id user, struct id keep)
{
    params_init(p, 64);
    params_add_id(p, user);
    params_add_id(p, keep);
}

void token_store_drop_metrics_params(struct params *p, const char *name)
{
    params_init(p, NAME_BYTES);
    params_add_text(p, name);
}
