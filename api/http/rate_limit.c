/* SPDX-License-Identifier: Apache-2.0
 *
 * A slot holds the theoretical arrival time of the next request: the time up to which its owner has
 * used up what it may. Slots are shared by hash and moved on by compare-and-swap, so no loop waits
 * for another. Two tokens may share a slot; both then get at most one's rate, which with 16384
 * slots is rare and never lets anybody have more.
 */
#include "http/rate_limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "http/reply.h"

#define SLOTS 16384u

struct rate_table {
    _Atomic int64_t arrival_us[SLOTS]; /* monotonic */
};

struct rate_limit {
    struct rate_table table;
    int64_t per_second;
};

struct rate_table *rate_table_new(void)
{
    struct rate_table *table = h2o_mem_alloc(sizeof(*table));
    memset(table, 0, sizeof(*table));
    return table;
}

void rate_table_free(struct rate_table *table)
{
    free(table);
}

struct rate_limit *rate_limit_new(int64_t per_second)
{
    if (per_second == 0)
        return NULL;
    struct rate_limit *limit = h2o_mem_alloc(sizeof(*limit));
    memset(limit, 0, sizeof(*limit));
    limit->per_second = per_second;
    return limit;
}

void rate_limit_free(struct rate_limit *limit)
{
    free(limit);
}

bool rate_table_admits(struct rate_table *table, uint64_t key, int64_t every_us, int64_t burst,
                       int64_t now_us, int64_t *ret_left, int64_t *ret_wait_us)
{
    _Atomic int64_t *slot = &table->arrival_us[key % SLOTS];
    int64_t arrival = *slot;
    int64_t next;
    do {
        int64_t from = arrival > now_us ? arrival : now_us;
        next = from + every_us;
        if (next - now_us > every_us * burst) {
            *ret_left = 0;
            *ret_wait_us = next - now_us - every_us * burst;
            return false;
        }
    } while (!atomic_compare_exchange_weak(slot, &arrival, next));
    *ret_left = burst - (next - now_us + every_us - 1) / every_us;
    *ret_wait_us = 0;
    return true;
}

static void set_number(struct request *rq, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    reply_header(rq, name, text);
}

bool rate_limit_admits(struct request *rq)
{
    struct rate_limit *limit = rq->loop->rate_limit;
    if (limit == NULL)
        return true;
    uint64_t key;
    int64_t left;
    int64_t wait_us;
    memcpy(&key, &rq->principal.token_id.bytes[8], sizeof(key)); /* random */
    bool admitted = rate_table_admits(&limit->table, key, CLOCK_US_PER_S / limit->per_second,
                                      limit->per_second, clock_mono_us(), &left, &wait_us);
    set_number(rq, "ratelimit-limit", limit->per_second);
    set_number(rq, "ratelimit-remaining", left);
    set_number(rq, "ratelimit-reset", 1);
    if (!admitted)
        set_number(rq, "retry-after", wait_us / CLOCK_US_PER_S + 1);
    return admitted;
}
