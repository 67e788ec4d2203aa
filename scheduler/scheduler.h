/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler's life: connect, stand by, lead; over again when the database goes away. One
 * thread, one session that listens and works, poll() between.
 */
#ifndef ERRAND_SCHEDULER_SCHEDULER_H
#define ERRAND_SCHEDULER_SCHEDULER_H

#include <stdint.h>

struct scheduler_options {
    const char *database_url;
    int64_t lost_after_s;
    int64_t lost_grace_s;
    int64_t log_days; /* that logs are kept; 0 = for ever */
    int signal_fd;    /* process_signals_open() */
};

/* Returns when a signal asks for it, with leadership given up. */
void scheduler_run(const struct scheduler_options *options);

#endif
