/* SPDX-License-Identifier: Apache-2.0
 *
 * One unit for times past, at most two for durations.
 */
#include "when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

static long unit_s(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}

/* "2026-11-21", "...T10:00:00", with or without a fraction and a Z, cut to what the server writes.
 */
static int parse_moment(const char *text, char ret_time[WHEN_BYTES])
{
    struct tm broken = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &broken);
    int ms = 0;

    if (end == NULL)
        end = strptime(text, "%Y-%m-%d", &broken);
    if (end == NULL)
        return -1;
    if (*end == '.') {
        int weight = 100;

        for (end++; *end >= '0' && *end <= '9'; end++, weight /= 10)
            ms += (*end - '0') * weight;
    }
    if (*end == 'Z')
        end++;
    if (*end != '\0')
        return -1;
    return snprintf(ret_time, WHEN_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                    broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour,
                    broken.tm_min, broken.tm_sec, ms) < WHEN_BYTES
               ? 0
               : -1;
}

int when_parse(const char *text, char ret_time[WHEN_BYTES])
{
    char *unit;
    unsigned long n = strtoul(text, &unit, 10);
    struct tm broken;
    time_t moment;

    if (text[0] < '0' || text[0] > '9' || unit_s(unit[0]) == 0 || unit[1] != '\0' || n > 1000000)
        return parse_moment(text, ret_time);
    moment = time(NULL) - (time_t)n * unit_s(unit[0]);
    if (gmtime_r(&moment, &broken) == NULL)
        return -1;
    return strftime(ret_time, WHEN_BYTES, "%Y-%m-%dT%H:%M:%S.000Z", &broken) > 0 ? 0 : -1;
}
