/* SPDX-License-Identifier: Apache-2.0 */
#include "retention.h"

#include "store/idempotency_store.h"

#define FORGET_ROWS 10000 /* about the keys of a minute at 160 triggers a second */

int retention_tick(struct db *db, struct err *e)
{
    CLEANUP(params_done) struct params p;
    params_init(&p, 64);
    params_add_i64(&p, FORGET_ROWS);
    return db_run(db, &idempotency_store_forget, &p, NULL, e);
}
