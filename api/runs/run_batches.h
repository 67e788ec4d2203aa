/* SPDX-License-Identifier: Apache-2.0
 *
 * Triggers and reads of one loop, many in a statement (db/db_batch.h).
 */
#ifndef ERRAND_API_RUN_BATCHES_H
#define ERRAND_API_RUN_BATCHES_H

#include "http/request.h"
#include "store/run_store.h"

struct run_batches;

struct run_batches *run_batches_new(struct loop *loop);
void run_batches_free(struct run_batches *batches); /* after the loop's pipe was closed */

/* `row` is -1 when there is none. Only on success: else the request was answered already. */
typedef void run_batches_callback(struct request *rq, const struct rows *rows, int row);
/* Also on failure: `err` is NULL on success, else `rows` is. */
typedef void run_batches_result_callback(struct request *rq, const struct rows *rows, int row,
                                         const struct err *err);

/* A row of run_store_get. */
void run_batches_get(struct request *rq, struct run_place place, run_batches_callback *on_row);
void run_batches_get_result(struct request *rq, struct run_place place,
                            run_batches_result_callback *on_result);

/* A row of run_trigger_store_make, or of _make_once for a request with a key, whose id may be that
 * of another run of its kind. `request` lives as long as `rq`. */
void run_batches_make(struct request *rq, const struct run_request *request,
                      run_batches_callback *on_row);

#endif
