/* SPDX-License-Identifier: Apache-2.0
 *
 * Exponential back-off with jitter; no state but the count.
 */
#include "backoff.h"

#include "clock.h"

unsigned errand_backoff_ms(unsigned failures, unsigned first_ms, unsigned max_ms,
                           unsigned retry_after_ms)
{
    unsigned bound_ms = first_ms < max_ms ? first_ms : max_ms;
    unsigned delay_ms;

    for (; failures > 1 && bound_ms < max_ms; failures--)
        bound_ms = bound_ms > max_ms / 2 ? max_ms : bound_ms * 2;
    delay_ms = bound_ms / 2 + errand_random_below(bound_ms / 2 + 1);
    return delay_ms < retry_after_ms ? retry_after_ms : delay_ms;
}
