/* SPDX-License-Identifier: Apache-2.0 */
#include "store/token_store.h"

static const char sql_find[] = "SELECT id, kind, name, project_id, hypervisor_id FROM tokens"
                               " WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())";

static const char sql_insert[] =
    "INSERT INTO tokens (id, kind, hash, name, project_id)"
    " SELECT $1::uuid, $2, $3, $4,"
    "        CASE WHEN $2 <> 'join' THEN (SELECT id FROM projects ORDER BY id LIMIT 1) END"
    " ON CONFLICT (id) DO NOTHING";

const struct statement token_store_find = {"token_find", sql_find, .repeatable = true};
const struct statement token_store_insert = {"token_insert", sql_insert, .repeatable = true};

void token_store_find_params(struct params *p, const unsigned char *hash)
{
    params_init(p, 256);
    params_add_bytes(p, hash, TOKEN_STORE_HASH_BYTES);
}

void token_store_read(const struct rows *rows, int row, struct token_row *ret_row)
{
    *ret_row = (struct token_row){
        .id = row_id(rows, row, 0),
        .kind = row_text(rows, row, 1),
        .name = row_text(rows, row, 2),
        .project = row_id(rows, row, 3),
        .hypervisor = row_id(rows, row, 4),
    };
}

void token_store_insert_params(struct params *p, struct id id, const char *kind,
                               const unsigned char *hash, const char *name)
{
    params_init(p, 1024);
    params_add_id(p, id);
    params_add_text(p, kind);
    params_add_bytes(p, hash, TOKEN_STORE_HASH_BYTES);
    params_add_text(p, name);
}
