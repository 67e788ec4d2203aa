/* SPDX-License-Identifier: Apache-2.0
 *
 * Adds up what became of runs, for metrics.
 */
#ifndef ERRAND_SCHEDULER_TOTALS_H
#define ERRAND_SCHEDULER_TOTALS_H

#include "base/err.h"
#include "store/db.h"

/* Every few seconds, by the leader. */
int totals_tick(struct db *db, struct err *e) MUST_USE;

#endif
