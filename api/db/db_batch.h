/* SPDX-License-Identifier: Apache-2.0
 *
 * Many requests for the same kind of row, answered by one statement: what is asked in one turn of
 * the loop goes out together, and what is asked while enough statements are under way is the next
 * one. So a busy loop pays the price of a statement, and of a commit, once for many. Who asks on
 * an idle loop does not wait for others.
 *
 * Rows may come in any order, and an item may have none.
 *
 * Thread: the loop's. Callbacks are always asynchronous.
 */
#ifndef ERRAND_API_DB_BATCH_H
#define ERRAND_API_DB_BATCH_H

#include "db/db_pipe.h"

#define DB_BATCH_ITEMS_MAX 256

struct db_batch;

struct db_batch_kind {
    const struct statement *statement;
    size_t in_flight;  /* statements under way at most */
    int64_t linger_ms; /* after one, for those it answered to come back; 0: do not */
    size_t items_max;  /* of one statement, at most DB_BATCH_ITEMS_MAX */
    size_t weight_max; /* together, unless one item alone is more */
    bool asks_alone;   /* an item without a row is asked for once more, by itself */
    void (*params)(struct params *p, void *const *items, size_t n);
    /* Which row answers which item: all are -1 before, and so stay those without. Several items may
     * share a row. */
    void (*find_rows)(const struct rows *rows, void *const *items, size_t n, int *row_of);
    /* `row` is -1 when there is none. `err` is NULL on success, else `rows` is. */
    void (*on_item)(void *item, const struct rows *rows, int row, const struct err *err);
};

struct db_batch *db_batch_new(h2o_loop_t *loop, struct db_pipe *pipe,
                              const struct db_batch_kind *kind);

/* After its pipe was closed. Fails what still waits with ERR_UNAVAILABLE. */
void db_batch_free(struct db_batch *batch);

/* `item` stays the caller's and must live until on_item(); `weight` is about its bytes on the
 * wire. */
void db_batch_add(struct db_batch *batch, void *item, size_t weight);

#endif
