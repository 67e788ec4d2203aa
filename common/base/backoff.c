/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include <sys/random.h>

void backoff_init(struct backoff *b, uint32_t first_ms, uint32_t max_ms)
{
    *b = (struct backoff){.first_ms = first_ms, .max_ms = max_ms};
}

uint32_t backoff_next_ms(struct backoff *b)
{
    uint64_t bound = b->failures < 31 ? (uint64_t)b->first_ms << b->failures : b->max_ms;
    if (bound > b->max_ms)
        bound = b->max_ms;
    else
        b->failures++;

    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        random = UINT32_MAX;
    uint64_t least = bound / 4;
    return (uint32_t)(least + random % (bound - least + 1));
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
}
