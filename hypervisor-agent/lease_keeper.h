/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a run may go on here without a word from the API: until the scheduler may give it to
 * another hypervisor. The shim holds the lease, so that it ends also when this agent is dead; the
 * agent renews it with each heartbeat that the API answers, counted from when that was sent.
 *
 * Until the API knows that a run started, every run has a lease: it would be placed anew. From then
 * on only those of which another may be started while the hypervisor is lost.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_LEASE_KEEPER_H
#define ERRAND_HYPERVISOR_AGENT_LEASE_KEEPER_H

#include <stdint.h>

#include "run_table.h"

struct lease_keeper {
    const struct run_table *runs; /* borrowed */
    int64_t contact_us;           /* a heartbeat sent then was answered; monotonic, 0 = none yet */
    int64_t told_us;              /* the shims */
};

void lease_keeper_init(struct lease_keeper *keeper, const struct run_table *runs);

/* A heartbeat sent at `sent_us` was answered. Renews all leases, once a second at most. */
void lease_keeper_contact(struct lease_keeper *keeper, int64_t sent_us);

/* Milliseconds that are left of a run's lease, at least 1 while it is not over; 0: it is over;
 * LEASE_WITHOUT_END. */
#define LEASE_WITHOUT_END UINT32_MAX
uint32_t lease_keeper_left_ms(const struct lease_keeper *keeper, const struct run *run);

/* Tell the shim of a run. */
void lease_keeper_renew(const struct lease_keeper *keeper, const struct run *run);

#endif
