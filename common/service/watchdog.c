/* SPDX-License-Identifier: Apache-2.0 */
#include "service/watchdog.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "service/process.h"

#include <stdlib.h>
#include <unistd.h>

#define SIGNS_PER_LIMIT 3

static int64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    int64_t value = 0;
    if (text == NULL || parse_i64(text, 1, INT64_MAX, variable, &value, NULL) < 0)
        return 0;
    return value;
}

void watchdog_init(struct watchdog *watchdog)
{
    *watchdog = (struct watchdog){0};
    int64_t limit_us = number_of("WATCHDOG_USEC");
    int64_t pid = number_of("WATCHDOG_PID");
    if (limit_us == 0 || (pid != 0 && pid != getpid()))
        return;
    int64_t every_ms = limit_us / SIGNS_PER_LIMIT / CLOCK_US_PER_MS;
    watchdog->every_ms = every_ms > 0 ? (uint64_t)every_ms : 1;
}

bool watchdog_is_due(const struct watchdog *watchdog)
{
    return watchdog->every_ms != 0 && clock_mono_us() >= watchdog->next_us;
}

void watchdog_feed(struct watchdog *watchdog)
{
    if (!watchdog_is_due(watchdog))
        return;
    watchdog->next_us = clock_mono_us() + (int64_t)watchdog->every_ms * CLOCK_US_PER_MS;
    (void)process_notify("WATCHDOG=1", NULL);
}
