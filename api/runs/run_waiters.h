/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of this thread that wait for the end of a run.
 */
#ifndef ERRAND_API_RUN_WAITERS_H
#define ERRAND_API_RUN_WAITERS_H

#include "base/id.h"
#include "store/run_store.h"

struct loop;
struct request;
struct run_waiters;

struct run_waiters *run_waiters_new(struct loop *loop);
void run_waiters_free(struct run_waiters *waiters);

/* Answer `rq` with the run when it is final, or as it is after `seconds` (1..LIMIT_WAIT_SECONDS).
 * Uses rq->state. */
void run_waiters_add(struct run_waiters *waiters, struct request *rq, struct run_place place,
                     int64_t seconds);

/* The run may be final now. The nil id: look at all. */
void run_waiters_on_run(struct run_waiters *waiters, struct id run);

/* Answer every request with its run as it is. */
void run_waiters_drain(struct run_waiters *waiters);

#endif
