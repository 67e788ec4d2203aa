/* SPDX-License-Identifier: Apache-2.0
 *
 * One unit for times past, at most two for durations.
 */
#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *when_ago(const char *time_text, char ret_text[WHEN_BYTES])
{
    struct tm broken = {0};
    const char *end = strptime(time_text, "%Y-%m-%dT%H:%M:%S", &broken);
    long age_s;

    if (end == NULL) {
        (void)snprintf(ret_text, WHEN_BYTES, "%.*s", WHEN_BYTES - 1, time_text);
        return ret_text;
    }
    age_s = (long)(time(NULL) - timegm(&broken));
    if (age_s < 5)
        (void)snprintf(ret_text, WHEN_BYTES, "just now");
    else if (age_s < 120)
        (void)snprintf(ret_text, WHEN_BYTES, "%ld s ago", age_s);
    else if (age_s < 120 * 60L)
        (void)snprintf(ret_text, WHEN_BYTES, "%ld min ago", age_s / 60);
    else if (age_s < 48 * 3600L)
        (void)snprintf(ret_text, WHEN_BYTES, "%ld h ago", age_s / 3600);
    else
        (void)snprintf(ret_text, WHEN_BYTES, "%ld days ago", age_s / 86400);
    return ret_text;
}

const char *when_lasted(int64_t duration_ms, char ret_text[WHEN_BYTES])
{
    int64_t s = duration_ms / 1000;

    if (duration_ms < 0)
        ret_text[0] = '\0';
    else if (s < 1)
        (void)snprintf(ret_text, WHEN_BYTES, "%" PRId64 " ms", duration_ms);
    else if (s < 60)
        (void)snprintf(ret_text, WHEN_BYTES, "%.1f s", (double)duration_ms / 1000);
    else if (s < 3600)
        (void)snprintf(ret_text, WHEN_BYTES, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
    else
        (void)snprintf(ret_text, WHEN_BYTES, "%" PRId64 " h %" PRId64 " min", s / 3600,
                       s / 60 % 60);
    return ret_text;
}
