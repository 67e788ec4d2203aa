/* SPDX-License-Identifier: Apache-2.0
 *
 * One writer a value, so a load and a store are enough: atomic for the reader, plain for the
 * machine.
 */
#include "metrics/figures.h"

#include "base/defer.h"

#include <stdlib.h>
#include <string.h>

const char *const figures_bounds[FIGURES_BUCKETS] = {
    "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
    "0.25",   "0.5",   "1",      "2.5",   "5",    "10",    "60",   "+Inf",
};

static const int64_t bounds_us[FIGURES_BUCKETS - 1] = {
    500,    1000,   2500,    5000,    10000,   25000,    50000,    100000,
    250000, 500000, 1000000, 2500000, 5000000, 10000000, 60000000,
};

struct figures *figures_new(size_t n)
{
    struct figures *all = aligned_alloc(_Alignof(struct figures), n * sizeof(*all));
    if (all == NULL)
        abort();
    return memset(all, 0, n * sizeof(*all));
}

static void add(_Atomic uint64_t *value, uint64_t n)
{
    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void figures_add(struct figures *figures, enum figure figure, int64_t n)
{
    if (figures == NULL)
        return;
    _Atomic int64_t *value = &figures->values[figure];
    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void figures_time(struct figures *figures, enum timing timing, int64_t us)
{
    if (figures == NULL)
        return;
    size_t i = 0;
    while (i < ARRAY_LEN(bounds_us) && us > bounds_us[i])
        i++;
    add(&figures->timings[timing].buckets[i], 1);
    add(&figures->timings[timing].sum_us, us > 0 ? (uint64_t)us : 0);
}

void figures_answer(struct figures *figures, size_t route, int status)
{
    if (figures == NULL || status < 100 || status > 599)
        return;
    size_t at = route < FIGURES_ROUTES_MAX ? route : FIGURES_ROUTES_MAX - 1;
    add(&figures->answers[at][status / 100 - 1], 1);
}

int64_t figures_sum(const struct figures *all, size_t n, enum figure figure)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += atomic_load_explicit(&all[i].values[figure], memory_order_relaxed);
    return sum;
}

uint64_t figures_answers(const struct figures *all, size_t n, size_t route, enum answer_class class)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += atomic_load_explicit(&all[i].answers[route][class], memory_order_relaxed);
    return sum;
}

struct timing_sum figures_timing(const struct figures *all, size_t n, enum timing timing)
{
    struct timing_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        const struct timing_figures *one = &all[i].timings[timing];
        for (size_t b = 0; b < FIGURES_BUCKETS; b++)
            sum.buckets[b] += atomic_load_explicit(&one->buckets[b], memory_order_relaxed);
        sum.sum_us += atomic_load_explicit(&one->sum_us, memory_order_relaxed);
    }
    return sum;
}
