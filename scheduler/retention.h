/* SPDX-License-Identifier: Apache-2.0
 *
 * What is too old goes, a bounded piece at a time, so that no table grows with history for nothing.
 */
#ifndef ERRAND_SCHEDULER_RETENTION_H
#define ERRAND_SCHEDULER_RETENTION_H

#include "base/err.h"
#include "store/db.h"

/* Once a minute or so, by the leader. Logs of runs triggered more than `log_days` days ago go, a
 * day at a time; 0 keeps them. */
int retention_tick(struct db *db, int64_t log_days, struct err *e) MUST_USE;

#endif
