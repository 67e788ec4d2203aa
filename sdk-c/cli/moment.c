/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

#include <time.h>

#define US_PER_S INT64_C(1000000)

int64_t moment_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t moment_in_s(int seconds)
{
    return moment_us() + seconds * US_PER_S;
}
