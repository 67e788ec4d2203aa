/* SPDX-License-Identifier: Apache-2.0 */
#include "store/replica_store.h"

#define PARAMS_BYTES 1024
#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)

static const char sql_say[] =
    "WITH said AS ("
    " INSERT INTO api_replicas (id, url) VALUES ($1, $2)"
    " ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at = now()"
    "), gone AS ("
    " DELETE FROM api_replicas WHERE seen_at < now() - interval '1 minute' AND id <> $1"
    ")"
    " SELECT id, url FROM api_replicas WHERE id <> $1 AND seen_at > now() - interval '15 seconds'"
    " ORDER BY id LIMIT " TEXT(REPLICA_STORE_MAX);

const struct statement replica_store_say = {"replica_say", sql_say, .repeatable = true};

void replica_store_say_params(struct params *p, struct id id, const char *url)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, id);
    params_add_text(p, url);
}

struct id replica_store_id(const struct rows *rows, int row)
{
    return row_id(rows, row, 0);
}

const char *replica_store_url(const struct rows *rows, int row)
{
    return row_text(rows, row, 1);
}
