/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to pending runs because time passes or others end: retries that are due, runs that
 * waited for too long, runs held by their runner's max_concurrency.
 */
#ifndef ERRAND_SCHEDULER_TIMERS_H
#define ERRAND_SCHEDULER_TIMERS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/id.h"
#include "store/db.h"

struct timers {
    struct db *db;      /* borrowed */
    bool some_are_held; /* by max_concurrency, at the last look */
    struct id admitted; /* the last runner that the sweep looked at */
};

void timers_init(struct timers *timers, struct db *db);

/* Every second or so. True in `ret_added`: there are runs to place. */
int timers_tick(struct timers *timers, bool *ret_added, struct err *e) MUST_USE;

/* Look whether runs are held. */
int timers_look(struct timers *timers, struct err *e) MUST_USE;

/* These runs changed; when one of them left a slot, let in who waits for it. */
int timers_admit_after(struct timers *timers, const struct id *runs, size_t n, bool *ret_added,
                       struct err *e) MUST_USE;

/* A part of all runners that hold runs back, for limits that were edited and ends nobody told us
 * of. */
int timers_sweep(struct timers *timers, bool *ret_added, struct err *e) MUST_USE;

#endif
