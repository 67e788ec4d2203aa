/* SPDX-License-Identifier: Apache-2.0
 *
 * Placement against a brute-force oracle over random fleets, and its reasons word by word.
 */
#include "placement/placement.h"

#include "placement/survey.h"

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

static const char *const label_sets[] = {"", "gpu=a100", "gpu=a100\nzone=b", "zone=a"};
static const char *const wishes[] = {"", "", "gpu=a100", "zone=b", "gpu=a100\nzone=b"};

static void put_random(struct world *w, size_t i)
{
    struct fleet_entry entry = {
        .id = w->ids[i],
        .region = w->regions[random_below(w, ARRAY_LEN(w->regions))],
        .status =
            random_below(w, 4) > 0 ? HYPERVISOR_READY : (enum hypervisor_status)random_below(w, 4),
        .labels = label_sets[random_below(w, ARRAY_LEN(label_sets))],
        .cpu_milli = 500 * (int64_t)(1 + random_below(w, 8)),
        .cpu_used_milli = 500 * (int64_t)random_below(w, 64),
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
           h->cpu_free_milli >= request->cpu_milli && h->memory_free_mb >= request->memory_mb &&
           fleet_labels_match(h->pool->labels, request->labels);
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
    size_t has_labels = 0;
    size_t has_cpu = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct hypervisor *h = fleet_find(w->fleet, w->ids[i]);
        if (!id_equal(h->region->id, request->region) || h->status == HYPERVISOR_LOST)
            continue;
        alive++;
        ready += h->status == HYPERVISOR_READY;
        if (h->status != HYPERVISOR_READY || !fleet_labels_match(h->pool->labels, request->labels))
            continue;
        has_labels++;
        has_cpu += h->cpu_free_milli >= request->cpu_milli;
    }
    if (alive == 0)
        return PENDING_NO_HYPERVISOR_IN_REGION;
    if (ready == 0)
        return PENDING_ALL_DRAINING;
    if (has_labels == 0)
        return PENDING_NO_HYPERVISOR_IN_REGION;
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
        if (h->status != HYPERVISOR_READY || !id_equal(h->region->id, request->region) ||
            !fleet_labels_match(h->pool->labels, request->labels))
            continue;
        if (h->cpu_free_milli > most_cpu)
            most_cpu = h->cpu_free_milli;
        if (h->cpu_free_milli >= request->cpu_milli && h->memory_free_mb > most_memory)
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
                .labels = wishes[random_below(&w, ARRAY_LEN(wishes))],
            };
            const struct hypervisor *expected = oracle_choose(&w, &request);
            struct placement_decision decision = placement_choose(w.fleet, &request);
            assert_ptr_equal(decision.hypervisor, expected);
            check_numbers(&w, &request, &decision);
            if (expected == NULL) {
                assert_int_equal(decision.reason, oracle_reason(&w, &request));
                refused++;
            } else {
                fleet_reserve(w.fleet, decision.hypervisor, request.memory_mb, request.cpu_milli);
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
            fleet_reserve(w.fleet, decision.hypervisor, request.memory_mb, request.cpu_milli);
            assert_true(decision.hypervisor->memory_used_mb <=
                        decision.hypervisor->memory_total_mb);
            assert_true(decision.hypervisor->cpu_used_milli <=
                        decision.hypervisor->cpu_milli * FLEET_CPU_PERCENT_DEFAULT / 100);
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

static void test_message__labels(void **state)
{
    (void)state;
    const struct fleet_entry entries[] = {
        {.cpu_milli = 2000, .memory_total_mb = 4096, .labels = "zone=a"}};
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_of(entries, 1);
    char text[PLACEMENT_MESSAGE_BYTES];
    struct placement_request request = {home, .memory_mb = 1, .cpu_milli = 1,
                                        .labels = "gpu=a100\nzone=a"};
    struct placement_decision decision = placement_choose(fleet, &request);
    assert_null(decision.hypervisor);
    assert_int_equal(decision.reason, PENDING_NO_HYPERVISOR_IN_REGION);
    assert_string_equal(
        placement_message(&decision, &request, text),
        "none of 1 ready hypervisor in region local has the labels gpu=a100, zone=a");
}

/* --- preferences --- */

/* 4 hypervisors of 1000, 2000, 3000 and 4000 MB, by id in this order. */
static struct fleet *stairs(struct id *ret_ids, struct fleet_policy policy)
{
    struct err e;
    struct fleet *fleet = fleet_new();
    fleet_set_policy(fleet, policy);
    home = id_new();
    ASSERT_OK(fleet_put_region(fleet, home, "local", &e), e);
    for (int i = 0; i < 4; i++) {
        ret_ids[i] = id_new();
        put(fleet, (struct fleet_entry){.id = ret_ids[i],
                                        .region = home,
                                        .cpu_milli = 2000,
                                        .memory_total_mb = 1000 * (i + 1)});
    }
    return fleet;
}

static const struct fleet_policy pack = {.cpu_percent = 800};

static void assert_goes_to(const struct fleet *fleet, const struct placement_request *request,
                           struct id hypervisor, enum placement_choice choice)
{
    struct placement_decision decision = placement_choose(fleet, request);
    assert_non_null(decision.hypervisor);
    assert_true(id_equal(decision.hypervisor->id, hypervisor));
    assert_int_equal(decision.choice, choice);
}

static void test_choose__spread_takes_the_roomiest(void **state)
{
    (void)state;
    struct id ids[4];
    struct placement_request request = {.memory_mb = 500, .cpu_milli = 500};
    CLEANUP(fleet_freep) struct fleet *packed = stairs(ids, pack);
    request.region = home;
    assert_goes_to(packed, &request, ids[0], PLACEMENT_FIT);
    CLEANUP(fleet_freep)
    struct fleet *spread = stairs(ids, (struct fleet_policy){.spread = true, .cpu_percent = 800});
    request.region = home;
    assert_goes_to(spread, &request, ids[3], PLACEMENT_FIT);
}

static void test_choose__cores_are_shared_as_often_as_the_policy_says(void **state)
{
    (void)state;
    struct id ids[4];
    CLEANUP(fleet_freep)
    struct fleet *fleet = stairs(ids, (struct fleet_policy){.cpu_percent = 150});
    struct placement_request request = {home, .memory_mb = 10, .cpu_milli = 1000};
    for (int i = 0; i < 3; i++) { /* 3 cores of 2, shared one and a half times */
        assert_goes_to(fleet, &request, ids[0], PLACEMENT_FIT);
        fleet_reserve(fleet, fleet_find(fleet, ids[0]), 10, 1000);
    }
    assert_goes_to(fleet, &request, ids[1], PLACEMENT_FIT);
    request.cpu_milli = 2001; /* never more than it has */
    struct placement_decision decision = placement_choose(fleet, &request);
    assert_null(decision.hypervisor);
    assert_int_equal(decision.reason, PENDING_INSUFFICIENT_CPU);
}

static void test_choose__pins_while_they_have_room_and_are_valid(void **state)
{
    (void)state;
    struct err e;
    struct id ids[4];
    struct id runner = id_new();
    CLEANUP(fleet_freep) struct fleet *fleet = stairs(ids, pack);
    const struct warm_pin pins[] = {
        {runner, ids[1], 100}, {runner, ids[2], 200}, {id_new(), ids[3], 1000}};
    ASSERT_OK(warmth_set_pins(fleet_warmth(fleet), pins, 3, &e), e);
    struct placement_request request = {home, .memory_mb = 900, .cpu_milli = 500, .runner = runner,
                                        .now_us = 50};

    assert_goes_to(fleet, &request, ids[1], PLACEMENT_PIN);
    fleet_reserve(fleet, fleet_find(fleet, ids[1]), 1200, 0);
    assert_goes_to(fleet, &request, ids[2], PLACEMENT_PIN); /* the first is full */
    request.now_us = 200;
    assert_goes_to(fleet, &request, ids[0], PLACEMENT_FIT); /* both are over */
    assert_false(placement_choose(fleet, &request).has_pin);
    request.now_us = 150;
    fleet_reserve(fleet, fleet_find(fleet, ids[2]), 2500, 0);
    assert_goes_to(fleet, &request, ids[0], PLACEMENT_FIT); /* no room where it is warm */
    assert_true(placement_choose(fleet, &request).has_pin);
}

static void test_choose__where_the_image_was_last(void **state)
{
    (void)state;
    struct id ids[4];
    CLEANUP(fleet_freep) struct fleet *fleet = stairs(ids, pack);
    struct placement_request request = {home, .memory_mb = 900, .cpu_milli = 500, .image = 7};
    assert_goes_to(fleet, &request, ids[0], PLACEMENT_FIT);
    warmth_note_image(fleet_warmth(fleet), 7, ids[3]);
    warmth_note_image(fleet_warmth(fleet), 7, ids[2]);
    assert_goes_to(fleet, &request, ids[2], PLACEMENT_IMAGE);
    fleet_reserve(fleet, fleet_find(fleet, ids[2]), 2500, 0);
    assert_goes_to(fleet, &request, ids[3], PLACEMENT_IMAGE);
    request.image = 8;
    assert_goes_to(fleet, &request, ids[0], PLACEMENT_FIT);

    for (int i = 0; i < 3; i++) /* the last four are remembered */
        warmth_note_image(fleet_warmth(fleet), 9, ids[i]);
    warmth_note_image(fleet_warmth(fleet), 9, ids[0]);
    const struct id *places = warmth_image_places(fleet_warmth(fleet), 9);
    assert_true(id_equal(places[0], ids[0]) && id_equal(places[1], ids[2]));
    assert_true(id_equal(places[2], ids[1]) && id_is_nil(places[3]));
    for (uint64_t image = 1; image < 20; image++)
        warmth_note_image(fleet_warmth(fleet), 9 + image * 1024, ids[0]);
    assert_null(warmth_image_places(fleet_warmth(fleet), 9));
}

static void test_choose__nothing_goes_to_a_held_one(void **state)
{
    (void)state;
    struct id ids[4];
    CLEANUP(fleet_freep) struct fleet *fleet = stairs(ids, pack);
    struct placement_request request = {home, .memory_mb = 900, .cpu_milli = 500, .image = 7};
    warmth_note_image(fleet_warmth(fleet), 7, ids[0]);
    fleet_hold(fleet, fleet_find(fleet, ids[0]), true);
    assert_goes_to(fleet, &request, ids[1], PLACEMENT_FIT);
    fleet_hold(fleet, fleet_find(fleet, ids[0]), false);
    assert_goes_to(fleet, &request, ids[0], PLACEMENT_IMAGE);
}

/* --- survey --- */

static void test_survey__says_where_it_fits_and_why_not_elsewhere(void **state)
{
    (void)state;
    struct fleet_entry entries[12] = {{.status = HYPERVISOR_DRAINING},
                                      {.status = HYPERVISOR_DRAINING}};
    for (int i = 0; i < 12; i++) {
        entries[i].cpu_milli = 2000;
        entries[i].memory_total_mb = i < 5 ? 4096 : 512 + 1024 * (i == 7);
    }
    CLEANUP(fleet_freep) struct fleet *fleet = fleet_of(entries, 12);
    char text[SURVEY_TEXT_BYTES];
    struct placement_request request = {home, .memory_mb = 2048, .cpu_milli = 500};
    struct survey survey = survey_take(fleet, &request);
    assert_string_equal(
        survey_text(&survey, &request, text),
        "fits on 3 of 12; 7 lack memory: need 2048 MB, largest free 1536 MB; 2 draining");

    request.cpu_milli = 4500;
    survey = survey_take(fleet, &request);
    assert_string_equal(survey_text(&survey, &request, text),
                        "fits on 0 of 12; 10 lack cores: need 4.5, most free 2; 2 draining");
    request.labels = "gpu=a100";
    survey = survey_take(fleet, &request);
    assert_string_equal(survey_text(&survey, &request, text),
                        "fits on 0 of 12; 10 lack labels; 2 draining");
}

/* What the survey counts as fitting is where placement would go. */
static void test_survey__agrees_with_placement(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct world w;
        world_init(&w, round);
        for (int i = 0; i < 20; i++) {
            struct placement_request request = {
                .region = w.regions[random_below(&w, ARRAY_LEN(w.regions))],
                .memory_mb = 128 * (int64_t)(1 + random_below(&w, 24)),
                .cpu_milli = 500 * (int64_t)(1 + random_below(&w, 9)),
                .labels = wishes[random_below(&w, ARRAY_LEN(wishes))],
            };
            struct survey survey = survey_take(w.fleet, &request);
            struct placement_decision decision = placement_choose(w.fleet, &request);
            assert_int_equal(decision.hypervisor != NULL, survey.counts[SURVEY_FITS] > 0);
            if (decision.hypervisor != NULL)
                assert_int_equal(survey_ask(decision.hypervisor, &request), SURVEY_FITS);
        }
        fleet_free(w.fleet);
    }
}

TEST_MAIN(cmocka_unit_test(test_message__labels),
          cmocka_unit_test(test_choose__spread_takes_the_roomiest),
          cmocka_unit_test(test_choose__cores_are_shared_as_often_as_the_policy_says),
          cmocka_unit_test(test_choose__pins_while_they_have_room_and_are_valid),
          cmocka_unit_test(test_choose__where_the_image_was_last),
          cmocka_unit_test(test_choose__nothing_goes_to_a_held_one),
          cmocka_unit_test(test_survey__says_where_it_fits_and_why_not_elsewhere),
          cmocka_unit_test(test_survey__agrees_with_placement),
          cmocka_unit_test(test_choose__agrees_with_the_oracle),
          cmocka_unit_test(test_choose__never_gives_memory_out_twice),
          cmocka_unit_test(test_choose__same_fleet_same_answer_in_any_order_of_arrival),
          cmocka_unit_test(test_message__memory), cmocka_unit_test(test_message__cpu),
          cmocka_unit_test(test_message__all_draining),
          cmocka_unit_test(test_message__none_in_region))
