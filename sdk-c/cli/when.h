/* SPDX-License-Identifier: Apache-2.0
 *
 * Times and durations for people.
 */
#ifndef ERRAND_CLI_WHEN_H
#define ERRAND_CLI_WHEN_H

#include <stdint.h>

#define WHEN_BYTES 32

/* "3 min ago" for an RFC 3339 time in UTC; "" for "", the text itself when it is none. */
const char *when_ago(const char *time, char ret_text[WHEN_BYTES]);

/* "412 ms", "3.2 s", "4 min 10 s", "2 h 5 min"; "" for a negative one. */
const char *when_lasted(int64_t duration_ms, char ret_text[WHEN_BYTES]);

/* "90s", "10m", "2h", "3d" ago, or an RFC 3339 time in UTC, as the server writes times:
 * "2026-11-21T10:00:00.000Z". 0, or -1 for anything else. */
int when_parse(const char *text, char ret_time[WHEN_BYTES]);

#endif
