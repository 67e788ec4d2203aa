/* SPDX-License-Identifier: Apache-2.0
 *
 * Time. Instants are microseconds since the Unix epoch, UTC; durations and deadlines use the
 * monotonic clock, which a step of the wall clock cannot move.
 */
#ifndef ERRAND_BASE_CLOCK_H
#define ERRAND_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CLOCK_US_PER_S INT64_C(1000000)
#define CLOCK_US_PER_MS INT64_C(1000)

/* "2026-01-02T03:04:05.678901Z" and its NUL */
#define CLOCK_TEXT_BYTES 32

int64_t clock_now_us(void);
int64_t clock_mono_us(void);

/* RFC 3339 with milliseconds and Z; `text` has CLOCK_TEXT_BYTES. Returns `text`. */
char *clock_format_ms(int64_t at_us, char *text);

/* The same with microseconds. */
char *clock_format_us(int64_t at_us, char *text);

/* RFC 3339 with Z or an offset, fraction of up to 9 digits optional; finer than 1 us is cut. In UTC
 * its year is 1 to 9999, so that it can be written again. */
int clock_parse(const char *text, int64_t *ret_at_us, struct err *e) MUST_USE;

/* Tests own time: the wall clock stands at `at_us` until set again; negative gives it back. */
void clock_set_for_test(int64_t at_us);

#endif
