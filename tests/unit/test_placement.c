/* SPDX-License-Identifier: Apache-2.0
 *
 * Placement against a brute-force oracle over random fleets, and its reasons word by word.
 */
#include "placement.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 300
#define HYPERVISORS_MAX 60
#define REQUESTS 60

/* A fleet beside a flat copy of it that the oracle looks at. */
struct world {
    struct fleet *fleet;
    struct id regions[3];
    struct id ids[HYPERVISORS_MAX];
    size_t n;
    uint64_t seed;
};

/* xorshift64*: the same numbers in every run */
static uint64_t random_below(struct world *w, uint64_t limit)
{
    w->seed ^= w->seed >> 12;
    w->seed ^= w->seed << 25;
    w->seed ^= w->seed >> 27;
    return (w->seed * UINT64_C(2685821657736338717) >> 33) % limit;
}

static void put(struct fleet *fleet, struct fleet_entry entry)
{
    struct err e;
    bool has_more;
    if (entry.name == NULL)
        entry.name = "h";
    if (entry.memory_reported_mb == 0)
        entry.memory_reported_mb = entry.memory_total_mb;
    ASSERT_OK(fleet_put(fleet, &entry, &has_more, &e), e);
}

static void put_random(struct world *w, size_t i)
{
    struct fleet_entry entry = {
        .id = w->ids[i],
        .region = w->regions[random_below(w, ARRAY_LEN(w->regions))],
        .status =
            random_below(w, 4) > 0 ? HYPERVISOR_READY : (enum hypervisor_status)random_below(w, 4),
        .cpu_milli = 500 * (int64_t)(1 + random_below(w, 8)),
        .memory_total_mb = 256 * (int64_t)random_below(w, 16),
        .memory_reported_mb = 256 * (int64_t)random_below(w, 20) + 1,
        .memory_used_mb = 256 * (int64_t)random_below(w, 8),
        .last_seen_us = (int64_t)random_below(w, 1000000),
    };
    put(w->fleet, entry);
}

static void world_init(struct world *w, uint64_t seed)
{
    struct err e;
    *w = (struct world){.fleet = fleet_new(), .seed = seed * 7919 + 1};
    assert_non_null(w->fleet);
    for (size_t i = 0; i < ARRAY_LEN(w->regions); i++) {
        w->regions[i] = id_new();
        ASSERT_OK(fleet_put_region(w->fleet, w->regions[i], "r", &e), e);
    }
    w->n = random_below(w, HYPERVISORS_MAX + 1);
    for (size_t i = 0; i < w->n; i++) {
        w->ids[i] = id_new();
        put_random(w, i);
    }
}

static bool fits(const struct hypervisor *h, const struct placement_request *request)
{
    return h->status == HYPERVISOR_READY && id_equal(h->region->id, request->region) &&
           h->cpu_milli >= request->cpu_milli && h->memory_free_mb >= request->memory_mb;
}

static bool is_better(const struct hypervisor *a, const struct hypervisor *b)
{
    return b == NULL || a->memory_free_mb < b->memory_free_mb ||
           (a->memory_free_mb == b->memory_free_mb &&
            memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) < 0);
}

/* The rule as written in placement.h, by looking at each. */
static const struct hypervisor *oracle_choose(const struct world *w,
                                              const struct placement_request *request)
{
    const struct hypervisor *best = NULL;
    for (size_t i = 0; i < w->n; i++) {
        const struct hypervisor *h = fleet_find(w->fleet, w->ids[i]);
        if (fits(h, request) && is_better(h, best))
            best = h;
    }
    return best;
}

static enum pending_reason oracle_reason(const struct world *w,
                                         const struct placement_request *request)
{
    size_t alive = 0;
    size_t ready = 0;
    size_t has_cpu = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct hypervisor *h = fleet_find(w->fleet, w->ids[i]);
        if (!id_equal(h->region->id, request->region) || h->status == HYPERVISOR_LOST)
            continue;
        alive++;
        ready += h->status == HYPERVISOR_READY;
        has_cpu += h->status == HYPERVISOR_READY && h->cpu_milli >= request->cpu_milli;
    }
    if (alive == 0)
        return PENDING_NO_HYPERVISOR_IN_REGION;
    if (ready == 0)
        return PENDING_ALL_DRAINING;
    return has_cpu == 0 ? PENDING_INSUFFICIENT_CPU : PENDING_INSUFFICIENT_MEMORY;
}

/* The numbers a message speaks of. */
static void check_numbers(const struct world *w, const struct placement_request *request,
                          const struct placement_decision *decision)
{
    int64_t most_memory = -1;
    int64_t most_cpu = -1;
    for (size_t i = 0; i < w->n; i++) {
        const struct hypervisor *h = fleet_find(w->fleet, w->ids[i]);
        if (h->status != HYPERVISOR_READY || !id_equal(h->region->id, request->region))
            continue;
        if (h->cpu_milli > most_cpu)
            most_cpu = h->cpu_milli;
        if (h->cpu_milli >= request->cpu_milli && h->memory_free_mb > most_memory)
            most_memory = h->memory_free_mb;
    }
    assert_int_equal(decision->most_memory_mb, most_memory);
    assert_int_equal(decision->most_cpu_milli, most_cpu);
}

static void test_choose__agrees_with_the_oracle(void **state)
{
    (void)state;
    size_t placed = 0;
    size_t refused = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct world w;
        world_init(&w, round);
        for (int i = 0; i < REQUESTS; i++) {
            struct placement_request request = {
                .region = w.regions[random_below(&w, ARRAY_LEN(w.regions))],
                .memory_mb = 128 * (int64_t)(1 + random_below(&w, 24)),
                .cpu_milli = 500 * (int64_t)(1 + random_below(&w, 9)),
            };
            const struct hypervisor *expected = oracle_choose(&w, &request);
            struct placement_decision decision = placement_choose(w.fleet, &request);
            assert_ptr_equal(decision.hypervisor, expected);
            check_numbers(&w, &request, &decision);
            if (expected == NULL) {
                assert_int_equal(decision.reason, oracle_reason(&w, &request));
                refused++;
            } else {
                fleet_reserve(decision.hypervisor, request.memory_mb);
                placed++;
            }
            if (w.n > 0 && random_below(&w, 3) == 0)
                put_random(&w, random_below(&w, w.n));
        }
        fleet_free(w.fleet);
    }
    assert_true(placed > 1000 && refused > 1000); /* the rounds were worth something */
}

static void test_choose__never_gives_memory_out_twice(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct world w;
        world_init(&w, round);
        struct placement_decision decision;
        do {
            struct placement_request request = {
                .region = w.regions[0],
                .memory_mb = 1 + (int64_t)random_below(&w, 700),
                .cpu_milli = 500,
            };
            decision = placement_choose(w.fleet, &request);
            if (decision.hypervisor == NULL)
                continue;
            fleet_reserve(decision.hypervisor, request.memory_mb);
            assert_true(decision.hypervisor->memory_used_mb <=
                        decision.hypervisor->memory_total_mb);
        } while (decision.hypervisor != NULL);
        fleet_free(w.fleet);
    }
}

static void test_choose__same_fleet_same_answer_in_any_order_of_arrival(void **state)
{
    (void)state;
    struct err e;
    struct id region = id_new();
    struct id ids[20];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ids[i] = id_new();
    for (size_t start = 0; start < ARRAY_LEN(ids); start++) {
        CLEANUP(fleet_freep) struct fleet *fleet = fleet_new();
        ASSERT_OK(fleet_put_region(fleet, region, "r", &e), e);
        for (size_t i = 0; i < ARRAY_LEN(ids); i++)
            put(fleet, (struct fleet_entry){.id = ids[(start + i * 7) % ARRAY_LEN(ids)],
                                            .region = region,
                                            .cpu_milli = 1000,
                                            .memory_total_mb = 1024});
        struct placement_decision decision = placement_choose(
            fleet, &(struct placement_request){region, .memory_mb = 10, .cpu_milli = 10});
        assert_true(id_equal(decision.hypervisor->id, ids[0]));
    }
}

/* --- reasons --- */

static struct id home;

static struct fleet *fleet_of(const struct fleet_entry *entries, size_t n)
{
    struct err e;
    struct fleet *fleet = fleet_new();
    assert_non_null(fleet);
    home = id_new();
    ASSERT_OK(fleet_put_region(fleet, home, "local", &e), e);
    for (size_t i = 0; i < n; i++) {
        struct fleet_entry entry = entries[i];
        entry.id = id_new();
        entry.region = home;
        put(fleet, entry);
    }
    return fleet;
}

static void assert_reason(const struct fleet *fleet, struct id region, enum pending_reason reason,
                          const char *message)
{
    char text[PLACEMENT_MESSAGE_BYTES];
    struct placement_request request = {region, .memory_mb = 2048, .cpu_milli = 1500};
    struct placement_decision decision = placement_choose(fleet, &request);
    assert_null(decision.hypervisor);
    assert_int_equal(decision.reason, reason);
    assert_string_equal(placement_message(&decision, &request, text), message);
}

static void test_message__memory(void **state)
{
    (void)state;
    const struct fleet_entry entries[] = {
        {.cpu_milli = 2000, .memory_total_mb = 4096, .memory_used_mb = 2560},
        {.cpu_milli = 2000, .memory_total_mb = 1024},
        {.cpu_milli = 1000, .memory_total_mb = 8192}, /* room, but not the cores */
    };
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_of(entries, 3);
    assert_reason(fleet, home, PENDING_INSUFFICIENT_MEMORY,
                  "need 2048 MB, largest free 1536 MB on 3 hypervisors");
}

static void test_message__cpu(void **state)
{
    (void)state;
    const struct fleet_entry entries[] = {{.cpu_milli = 1250, .memory_total_mb = 4096}};
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_of(entries, 1);
    assert_reason(fleet, home, PENDING_INSUFFICIENT_CPU,
                  "need 1.5 cores, most on one is 1.25 of 1 hypervisor");
}

static void test_message__all_draining(void **state)
{
    (void)state;
    const struct fleet_entry entries[] = {
        {.status = HYPERVISOR_DRAINING, .cpu_milli = 2000, .memory_total_mb = 4096},
        {.status = HYPERVISOR_CORDONED, .cpu_milli = 2000, .memory_total_mb = 4096},
        {.status = HYPERVISOR_LOST, .cpu_milli = 2000, .memory_total_mb = 4096},
    };
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_of(entries, 3);
    assert_reason(fleet, home, PENDING_ALL_DRAINING,
                  "2 hypervisors in region local, all draining or cordoned");
}

static void test_message__none_in_region(void **state)
{
    (void)state;
    const struct fleet_entry lost[] = {
        {.status = HYPERVISOR_LOST, .cpu_milli = 2000, .memory_total_mb = 4096}};
    CLEANUP(fleet_freep) struct fleet *empty = fleet_of(NULL, 0);
    assert_reason(empty, home, PENDING_NO_HYPERVISOR_IN_REGION, "no hypervisor in region local");
    assert_reason(empty, id_new(), PENDING_NO_HYPERVISOR_IN_REGION, "the region is gone");
    CLEANUP(fleet_freep) struct fleet *dead = fleet_of(lost, 1);
    assert_reason(dead, home, PENDING_NO_HYPERVISOR_IN_REGION,
                  "no hypervisor in region local is alive, 1 lost");
}

TEST_MAIN(cmocka_unit_test(test_choose__agrees_with_the_oracle),
          cmocka_unit_test(test_choose__never_gives_memory_out_twice),
          cmocka_unit_test(test_choose__same_fleet_same_answer_in_any_order_of_arrival),
          cmocka_unit_test(test_message__memory), cmocka_unit_test(test_message__cpu),
          cmocka_unit_test(test_message__all_draining),
          cmocka_unit_test(test_message__none_in_region))
