/* SPDX-License-Identifier: Apache-2.0 */
#include "model/run.h"

#include "base/clock.h"

static int64_t span_ms(int64_t from_us, int64_t to_us)
{
    if (from_us == 0 || to_us == 0)
        return RUN_UNKNOWN;
    /* the two ends may come from clocks of different machines */
    return to_us > from_us ? (to_us - from_us) / CLOCK_US_PER_MS : 0;
}

int64_t run_queued_ms(const struct run *run)
{
    return span_ms(run->created_at_us, run->assigned_at_us);
}

int64_t run_duration_ms(const struct run *run)
{
    return span_ms(run->started_at_us, run->completed_at_us);
}

int64_t run_cost_nano(const struct run *run)
{
    int64_t duration_ms = run_duration_ms(run);
    if (duration_ms == RUN_UNKNOWN)
        return 0;

    int64_t begun_seconds = duration_ms / 1000 + (duration_ms % 1000 != 0);
    int64_t cost_nano;
    if (__builtin_mul_overflow(begun_seconds, run->price_second_nano, &cost_nano))
        return INT64_MAX;
    return cost_nano;
}
