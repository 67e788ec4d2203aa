/* SPDX-License-Identifier: Apache-2.0 */
#include "store/idempotency_store.h"

#define TOO_OLD IDEMPOTENCY_STORE_TOO_OLD
#define NEW_IF_OLD(column)                                                                         \
    column " = CASE WHEN " TOO_OLD " THEN excluded." column " ELSE k." column " END"

/* DO UPDATE, because DO NOTHING would return no row. */
static const char sql_claim[] =
    "WITH claimed AS ("
    " INSERT INTO idempotency_keys AS k (project_id, key, hash, object_id)"
    " VALUES ($1::uuid, $2, $3::bytea, $4::uuid)"
    " ON CONFLICT (project_id, key) DO UPDATE SET " NEW_IF_OLD("hash") ", " NEW_IF_OLD(
        "object_id") ", " NEW_IF_OLD("created_at") " RETURNING *"
                                                   ") SELECT object_id, object_id = $4, hash = $3 "
                                                   "FROM claimed";

static const char sql_forget[] =
    "DELETE FROM idempotency_keys k WHERE ctid = ANY (ARRAY("
    " SELECT ctid FROM idempotency_keys k WHERE " TOO_OLD " ORDER BY created_at LIMIT $1::int))";

const struct statement idempotency_store_claim = {"idempotency_claim", sql_claim,
                                                  .repeatable = true};
const struct statement idempotency_store_forget = {"idempotency_forget", sql_forget,
                                                   .repeatable = true};

void idempotency_store_claim_params(struct params *p, struct id project, const char *key,
                                    const unsigned char *hash, struct id object)
{
    params_init(p, 1024);
    params_add_id(p, project);
    params_add_text(p, key);
    params_add_bytes(p, hash, IDEMPOTENCY_STORE_HASH_BYTES);
    params_add_id(p, object);
}

void idempotency_store_read(const struct rows *rows, struct idempotency_claim *ret_claim)
{
    *ret_claim = (struct idempotency_claim){
        .object = row_id(rows, 0, 0),
        .is_new = row_bool(rows, 0, 1),
        .is_same = row_bool(rows, 0, 2),
    };
}
