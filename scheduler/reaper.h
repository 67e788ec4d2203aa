/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors that fell silent: they become lost, what they had not started goes back to the queue,
 * and what ran on them fails when the grace is over.
 *
 * Only silence that somebody could have heard counts. While no API is connected to the database, or
 * no scheduler led, or this process was stopped, no heartbeat could arrive; the clock of every
 * hypervisor starts anew after that, so an outage of ours never kills a run. Silence is measured by
 * the database's clock: when that is set, all starts anew, too.
 */
#ifndef ERRAND_SCHEDULER_REAPER_H
#define ERRAND_SCHEDULER_REAPER_H

#include "base/err.h"
#include "store/db.h"

#include <stdbool.h>
#include <stdint.h>

struct reaper {
    struct db *db; /* borrowed */
    int64_t lost_after_s;
    int64_t lost_grace_s;
    int64_t observed_since_us; /* monotonic; heartbeats could arrive all the time since */
    int64_t last_tick_us;      /* monotonic */
    bool knows_clock;
    int64_t ahead_us[2]; /* of the database's clock before the monotonic one: at least, at most */
};

void reaper_init(struct reaper *reaper, struct db *db, int64_t lost_after_s, int64_t lost_grace_s);

/* Every second or so. True in `ret_fleet_changed`: load the fleet anew, and runs may be pending. */
int reaper_tick(struct reaper *reaper, bool *ret_fleet_changed, struct err *e) MUST_USE;

#endif
