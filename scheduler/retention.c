/* SPDX-License-Identifier: Apache-2.0 */
#include "retention.h"

#include <inttypes.h>

#include "base/log.h"
#include "store/idempotency_store.h"
#include "store/log_store.h"
#include "store/pin_store.h"

#define FORGET_ROWS 10000 /* about the keys of a minute at 160 triggers a second */
#define DAYS_AHEAD 7

static int run_with(struct db *db, const struct statement *statement, int64_t number,
                    struct rows **ret_rows, struct err *e)
{
    CLEANUP(params_done) struct params p;
    params_init(&p, 64);
    params_add_i64(&p, number);
    return db_run(db, statement, &p, ret_rows, e);
}

/* Trouble with partitions is no reason to stop placing runs. */
static void keep_log_days(struct db *db, int64_t keep_days)
{
    struct err e;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = run_with(db, &log_store_make_partitions, DAYS_AHEAD, NULL, &e);
    if (r == 0 && keep_days > 0)
        r = run_with(db, &log_store_drop_partitions, keep_days, &rows, &e);
    if (r < 0)
        log_error("retention.failed error=\"%s\"", e.msg);
    else if (rows != NULL && row_i64(rows, 0, 0, 0) > 0)
        log_info("logs.dropped days=%" PRId64, row_i64(rows, 0, 0, 0));
}

int retention_tick(struct db *db, int64_t log_days, struct err *e)
{
    keep_log_days(db, log_days);
    int r = run_with(db, &idempotency_store_forget, FORGET_ROWS, NULL, e);
    return r < 0 ? r : run_with(db, &pin_store_expire, FORGET_ROWS, NULL, e);
}
