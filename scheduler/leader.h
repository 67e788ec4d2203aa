/* SPDX-License-Identifier: Apache-2.0
 *
 * One scheduler leads, any number stand by. Leadership is a lock of the database session and ends
 * with it, so a leader that loses its session cannot write any more when the next one begins.
 */
#ifndef ERRAND_SCHEDULER_LEADER_H
#define ERRAND_SCHEDULER_LEADER_H

#include "base/err.h"
#include "store/db.h"

#include <stdbool.h>

/* Try to lead with this session. Do not ask again once it was true. */
int leader_try(struct db *db, bool *ret_leads, struct err *e) MUST_USE;

/* Tell the others that somebody leads; at least every HEALTH_STORE_LEASE_SECONDS. */
int leader_renew(struct db *db, struct err *e) MUST_USE;

#endif
