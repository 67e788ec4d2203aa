/* SPDX-License-Identifier: Apache-2.0 */
#include "store/member_store.h"

#define COLUMNS "m.user_id, u.email, u.name, m.role, m.created_at, m.updated_at"

static const char sql_list[] =
    "SELECT total.n, " COLUMNS
    " FROM (SELECT count(*) AS n FROM members WHERE project_id = $1) total"
    " LEFT JOIN LATERAL (SELECT * FROM members WHERE project_id = $1"
    "                    ORDER BY user_id LIMIT $2 OFFSET $3) m ON true"
    " LEFT JOIN users u ON u.id = m.user_id ORDER BY m.user_id";
static const char sql_put[] =
    "WITH m AS ("
    " INSERT INTO members AS m (project_id, user_id, role)"
    " SELECT $1::uuid, id, $4 FROM users WHERE id = $2::uuid OR email = lower($3)"
    " ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role, updated_at = now()"
    " RETURNING *) SELECT 1::bigint, " COLUMNS " FROM m JOIN users u ON u.id = m.user_id";
static const char sql_update[] =
    "WITH m AS ("
    " UPDATE members SET role = $3, updated_at = now() WHERE project_id = $1 AND user_id = $2"
    " RETURNING *) SELECT 1::bigint, " COLUMNS " FROM m JOIN users u ON u.id = m.user_id";
static const char sql_delete[] =
    "DELETE FROM members WHERE project_id = $1 AND user_id = $2 RETURNING user_id";

const struct statement member_store_list = {"member_list", sql_list, .repeatable = true};
const struct statement member_store_put = {"member_put", sql_put, .repeatable = true};
const struct statement member_store_update = {"member_update", sql_update, .repeatable = true};
const struct statement member_store_delete = {"member_delete", sql_delete, .repeatable = false};

void member_store_list_params(struct params *p, struct id project, struct page_window window)
{
    params_init(p, 128);
    params_add_id(p, project);
    page_window_params(p, window);
}

void member_store_read(const struct rows *rows, int row, struct member *ret_member)
{
    *ret_member = (struct member){
        .user = row_id(rows, row, 1),
        .email = row_text(rows, row, 2),
        .name = row_text(rows, row, 3),
        .role = row_text(rows, row, 4),
        .created_at_us = row_time_us(rows, row, 5),
        .updated_at_us = row_time_us(rows, row, 6),
    };
}

void member_store_put_params(struct params *p, struct id project, const struct member *member)
{
    params_init(p, 4096);
    params_add_id(p, project);
    params_add_id_or_null(p, member->user);
    params_add_text(p, member->email);
    params_add_text(p, member->role);
}

void member_store_update_params(struct params *p, struct id project, const struct member *member)
{
    params_init(p, 128);
    params_add_id(p, project);
    params_add_id(p, member->user);
    params_add_text(p, member->role);
}

void member_store_delete_params(struct params *p, struct id project, struct id user)
{
    params_init(p, 64);
    params_add_id(p, project);
    params_add_id(p, user);
}
