/* SPDX-License-Identifier: Apache-2.0
 *
 * Exponential back-off with full jitter: the n-th delay is uniform in (0, min(max, first * 2^n)],
 * never below a quarter of that bound.
 */
#ifndef ERRAND_BASE_BACKOFF_H
#define ERRAND_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms;
    uint32_t max_ms;
    uint32_t failures;
};

void backoff_init(struct backoff *b, uint32_t first_ms, uint32_t max_ms);

/* Count one failure and return how long to wait before the next try. */
uint32_t backoff_next_ms(struct backoff *b);

/* After a success. */
void backoff_reset(struct backoff *b);

#endif
