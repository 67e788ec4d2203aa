/* SPDX-License-Identifier: Apache-2.0
 *
 * Leadership: an advisory lock says who leads, a lease row tells everybody else that somebody does.
 *
 * The lock belongs to the session that took it and ends with it, so every statement of that
 * session runs under it and none after it.
 */
#ifndef ERRAND_STORE_LEASE_STORE_H
#define ERRAND_STORE_LEASE_STORE_H

#include "store/db.h"

/* Make a session fit to lead: a peer that is gone is noticed within seconds, no statement hangs. */
int lease_store_prepare_session(struct db *db, struct err *e) MUST_USE;

/* One row: whether this session leads now. Asking again while leading is a bug: locks count. */
extern const struct statement lease_store_try_lead;

/* Say that `holder` leads as `role`, now. The leader does so every second
 * (HEALTH_STORE_LEASE_SECONDS is when others lose patience). */
extern const struct statement lease_store_renew;
void lease_store_renew_params(struct params *p, const char *role, const char *holder);

#endif
