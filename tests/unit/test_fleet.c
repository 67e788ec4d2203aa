/* SPDX-License-Identifier: Apache-2.0 */
#include "placement/fleet.h"

#include "support/test.h"

#include <string.h>

struct place {
    struct fleet *fleet;
    struct id region;
    struct fleet_entry entry; /* a ready hypervisor with 4096 MB, last seen at 1 */
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL || (place->fleet = fleet_new()) == NULL)
        return -1;
    place->region = id_new();
    place->entry = (struct fleet_entry){
        .id = id_new(),
        .name = "node-1",
        .region = place->region,
        .cpu_milli = 2000,
        .memory_total_mb = 4096,
        .memory_reported_mb = 4096,
        .last_seen_us = 1,
    };
    *state = place;
    return fleet_put_region(place->fleet, place->region, "local", NULL);
}

static int free_place(void **state)
{
    struct place *place = *state;
    fleet_free(place->fleet);
    free(place);
    return 0;
}

/* Put the entry as it is now; returns whether more fits. */
static bool put(struct place *place)
{
    struct err e;
    bool has_more = false;
    ASSERT_OK(fleet_put(place->fleet, &place->entry, &has_more, &e), e);
    return has_more;
}

static int64_t free_mb(const struct place *place)
{
    return fleet_find(place->fleet, place->entry.id)->memory_free_mb;
}

static void test_put__free_is_the_least_of_reported_and_left(void **state)
{
    struct place *place = *state;
    assert_true(put(place));
    assert_int_equal(free_mb(place), 4096);
    place->entry.memory_used_mb = 1000;
    put(place);
    assert_int_equal(free_mb(place), 3096);
    place->entry.memory_reported_mb = 500;
    place->entry.last_seen_us = 2;
    put(place);
    assert_int_equal(free_mb(place), 500);
    place->entry.memory_used_mb = 5000;
    put(place);
    assert_int_equal(free_mb(place), 0);
}

static void test_put__ended_run_frees_memory_before_the_next_heartbeat(void **state)
{
    struct place *place = *state;
    place->entry.memory_used_mb = 4096;
    place->entry.memory_reported_mb = 0;
    put(place);
    assert_int_equal(free_mb(place), 0);

    place->entry.memory_used_mb = 3072; /* a run ended; the heartbeat is still the old one */
    assert_true(put(place));
    assert_int_equal(free_mb(place), 1024);
    assert_false(put(place));
    assert_int_equal(free_mb(place), 1024);

    place->entry.last_seen_us = 2; /* a new heartbeat is believed */
    place->entry.memory_reported_mb = 100;
    put(place);
    assert_int_equal(free_mb(place), 100);
}

static void test_put__says_when_more_fits(void **state)
{
    struct place *place = *state;
    assert_true(put(place));
    assert_false(put(place));
    place->entry.status = HYPERVISOR_CORDONED;
    assert_false(put(place));
    place->entry.status = HYPERVISOR_READY;
    assert_true(put(place));
    place->entry.memory_used_mb = 100;
    assert_false(put(place));
    place->entry.memory_used_mb = 0;
    assert_true(put(place));
    place->entry.cpu_milli = 4000;
    assert_true(put(place));
}

static void test_put__counts_by_status_and_indexes_ready_ones(void **state)
{
    struct place *place = *state;
    const struct fleet_region *region = fleet_find_region(place->fleet, place->region);
    put(place);
    assert_int_equal(region->counts[HYPERVISOR_READY], 1);
    assert_int_equal(region->ready.n, 1);
    place->entry.status = HYPERVISOR_DRAINING;
    put(place);
    assert_int_equal(region->counts[HYPERVISOR_READY], 0);
    assert_int_equal(region->counts[HYPERVISOR_DRAINING], 1);
    assert_int_equal(region->ready.n, 0);
}

static void test_put__moves_between_regions(void **state)
{
    struct place *place = *state;
    struct err e;
    struct id other = id_new();
    ASSERT_OK(fleet_put_region(place->fleet, other, "other", &e), e);
    put(place);
    place->entry.region = other;
    put(place);
    assert_int_equal(fleet_find_region(place->fleet, place->region)->ready.n, 0);
    assert_int_equal(fleet_find_region(place->fleet, other)->ready.n, 1);
}

static void test_put__refuses_an_unknown_region(void **state)
{
    struct place *place = *state;
    struct err e;
    bool has_more;
    place->entry.region = id_new();
    assert_int_equal(fleet_put(place->fleet, &place->entry, &has_more, &e), ERR_NOT_FOUND);
    assert_null(fleet_find(place->fleet, place->entry.id));
}

static void test_reserve__and_release(void **state)
{
    struct place *place = *state;
    put(place);
    struct hypervisor *h = fleet_find(place->fleet, place->entry.id);
    fleet_reserve(place->fleet, h, 4000, 1000);
    assert_int_equal(h->memory_free_mb, 96);
    assert_int_equal(free_index_roomiest(&h->region->ready, 0)->memory_free_mb, 96);
    fleet_release(place->fleet, h, 4000, 1000);
    assert_int_equal(free_index_roomiest(&h->region->ready, 0)->memory_free_mb, 4096);
}

static void test_reload__forgets_what_was_not_seen(void **state)
{
    struct place *place = *state;
    struct err e;
    struct id gone = place->entry.id;
    put(place);
    place->entry.id = id_new();
    put(place);
    struct id other = id_new();
    ASSERT_OK(fleet_put_region(place->fleet, other, "other", &e), e);

    fleet_reload_begin(place->fleet);
    ASSERT_OK(fleet_put_region(place->fleet, place->region, "local", &e), e);
    put(place);
    fleet_reload_end(place->fleet);

    assert_null(fleet_find(place->fleet, gone));
    assert_non_null(fleet_find(place->fleet, place->entry.id));
    assert_null(fleet_find_region(place->fleet, other));
    assert_null(fleet_region_at(place->fleet, 1));
    assert_int_equal(fleet_find_region(place->fleet, place->region)->ready.n, 1);
}

static void test_index__stays_ordered_with_many(void **state)
{
    struct place *place = *state;
    enum { COUNT = 5000 };
    for (int i = 0; i < COUNT; i++) {
        place->entry.id = id_new();
        place->entry.memory_total_mb = 1 + (i * 7919) % COUNT;
        place->entry.memory_reported_mb = place->entry.memory_total_mb;
        put(place);
    }
    const struct free_index *ready = &fleet_find_region(place->fleet, place->region)->ready;
    assert_int_equal(ready->n, COUNT);
    for (int need = 1; need <= COUNT; need++)
        assert_int_equal(free_index_best(ready, need, 1)->memory_free_mb, need);
    assert_null(free_index_best(ready, COUNT + 1, 1));
    assert_null(free_index_best(ready, 1, 2001));
}

static void test_status_parse__knows_the_stored_names(void **state)
{
    (void)state;
    struct err e;
    enum hypervisor_status status;
    ASSERT_OK(hypervisor_status_parse("lost", &status, &e), e);
    assert_int_equal(status, HYPERVISOR_LOST);
    assert_int_equal(hypervisor_status_parse("gone", &status, &e), ERR_INVALID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)

TEST_MAIN(CASE(test_put__free_is_the_least_of_reported_and_left),
          CASE(test_put__ended_run_frees_memory_before_the_next_heartbeat),
          CASE(test_put__says_when_more_fits),
          CASE(test_put__counts_by_status_and_indexes_ready_ones),
          CASE(test_put__moves_between_regions), CASE(test_put__refuses_an_unknown_region),
          CASE(test_reserve__and_release), CASE(test_reload__forgets_what_was_not_seen),
          CASE(test_index__stays_ordered_with_many),
          CASE(test_status_parse__knows_the_stored_names))
