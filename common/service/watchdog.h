/* SPDX-License-Identifier: Apache-2.0
 *
 * Showing the supervisor that a program still does its work. Without one that watches
 * (WATCHDOG_USEC, see sd_watchdog_enabled(3)) all of this does nothing.
 */
#ifndef ERRAND_SERVICE_WATCHDOG_H
#define ERRAND_SERVICE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

struct watchdog {
    uint64_t every_ms; /* a third of what the supervisor allows; 0 = nobody watches */
    int64_t next_us;   /* on the monotonic clock */
};

/* Reads the environment: from main(), before any thread. */
void watchdog_init(struct watchdog *watchdog);

/* It is time for a sign of life. */
bool watchdog_is_due(const struct watchdog *watchdog);

/* Give one when it is time, at the place of the program that is reached only while it works. As
 * cheap as a look at the clock otherwise. */
void watchdog_feed(struct watchdog *watchdog);

#endif
