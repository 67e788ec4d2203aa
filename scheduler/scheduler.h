/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler's life: connect, stand by, lead; over again when the database goes away. One
 * thread, one session that listens and works, poll() between.
 */
#ifndef ERRAND_SCHEDULER_SCHEDULER_H
#define ERRAND_SCHEDULER_SCHEDULER_H

#include <stdint.h>

#include "placement/fleet.h"
#include "service/watchdog.h"

struct scheduler_options {
    const char *database_url;
    int64_t lost_after_s;
    int64_t lost_grace_s;
    int64_t log_days;     /* that logs are kept; 0 = for ever */
    int64_t hold_after_s; /* a run that waited so long has a hypervisor kept free for it */
    struct fleet_policy policy;
    int signal_fd; /* process_signals_open() */
    struct watchdog *watchdog;
};

/* Returns when a signal asks for it, with leadership given up. */
void scheduler_run(const struct scheduler_options *options);

#endif
