/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler's passes in this process: what a pass over a real queue places, and what it says
 * about the rest.
 */
#include "fleet_sync.h"
#include "queue.h"

#include "base/clock.h"
#include "leader.h"
#include "reaper.h"

#include "queue_fixture.h"

#include <inttypes.h>
#include <string.h>

struct place {
    struct db *admin; /* plays user and agents */
    struct db *db;    /* the scheduler's */
    struct fleet *fleet;
    struct fleet_sync sync;
    struct queue queue;
};

static int make_place(void **state)
{
    struct err e;
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL)
        return -1;
    place->admin = test_database_migrated();
    queue_fixture_reset(place->admin);
    place->db = test_database_open();
    fixture_script(place->db, "SET ROLE errand_scheduler");
    place->fleet = fleet_new();
    fleet_sync_init(&place->sync, place->db, place->fleet);
    ASSERT_OK(queue_init(&place->queue, place->db, place->fleet, &e), e);
    *state = place;
    return 0;
}

static int free_place(void **state)
{
    struct place *place = *state;
    queue_done(&place->queue);
    fleet_free(place->fleet);
    db_close(place->db);
    db_close(place->admin);
    free(place);
    return 0;
}

static void load(struct place *place)
{
    struct err e;
    bool has_more;
    ASSERT_OK(fleet_sync_all(&place->sync, &has_more, &e), e);
}

static struct queue_outcome pass(struct place *place, enum queue_mode mode)
{
    struct err e;
    struct queue_outcome outcome = {0};
    ASSERT_OK(queue_pass(&place->queue, mode, &outcome, &e), e);
    return outcome;
}

static const char *field(struct place *place, struct id run, const char *name)
{
    return fixture_text(place->admin, "SELECT %s FROM runs WHERE id = '%s'", name, ID_TEXT(run));
}

static void assert_no_memory_given_twice(struct place *place)
{
    assert_int_equal(
        queue_fixture_number(place->admin,
                             "SELECT count(*) FROM hypervisors h WHERE memory_total_mb <"
                             " (SELECT sum(memory_mb) FROM runs r WHERE r.hypervisor_id = h.id"
                             "  AND state IN ('assigned', 'running'))"),
        0);
}

static void test_pass__best_fit_by_free_memory(void **state)
{
    struct place *place = *state;
    struct id large = queue_fixture_hypervisor(place->admin, 4096);
    struct id small = queue_fixture_hypervisor(place->admin, 1024);
    struct id first = queue_fixture_run(place->admin, 1024, 50);
    struct id second = queue_fixture_run(place->admin, 1024, 50);
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN_NEW).placed, 2);
    assert_string_equal(field(place, first, "hypervisor_id"), ID_TEXT(small));
    assert_string_equal(field(place, second, "hypervisor_id"), ID_TEXT(large));
}

static void test_pass__too_large_runs_do_not_block_smaller_ones_behind(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1536);
    struct id huge = queue_fixture_run(place->admin, 2048, 99);
    struct id small = queue_fixture_run(place->admin, 256, 1);
    load(place);
    struct queue_outcome outcome = pass(place, QUEUE_EXPLAIN_NEW);
    assert_int_equal(outcome.placed, 1);
    assert_int_equal(outcome.passed_over, 1);
    assert_string_equal(field(place, small, "state"), "assigned");
    assert_string_equal(field(place, huge, "pending_reason"), "insufficient_memory");
    assert_string_equal(field(place, huge, "pending_message"),
                        "need 2048 MB, largest free 1536 MB on 1 hypervisor");
}

static void test_pass__numbers_follow_on_the_tick_only(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1536);
    struct id huge = queue_fixture_run(place->admin, 2048, 50);
    load(place);
    (void)pass(place, QUEUE_EXPLAIN_NEW);
    (void)queue_fixture_run(place->admin, 512, 50);
    (void)pass(place, QUEUE_EXPLAIN_NEW);
    (void)pass(place, QUEUE_FILL);
    const char *before = "need 2048 MB, largest free 1536 MB on 1 hypervisor";
    assert_string_equal(field(place, huge, "pending_message"), before);
    (void)pass(place, QUEUE_EXPLAIN_ALL);
    assert_string_equal(field(place, huge, "pending_message"),
                        "need 2048 MB, largest free 1024 MB on 1 hypervisor");
}

static void test_pass__no_hypervisor_at_all(void **state)
{
    struct place *place = *state;
    struct id run = queue_fixture_run(place->admin, 256, 50);
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN_ALL).passed_over, 1);
    assert_string_equal(field(place, run, "pending_reason"), "no_hypervisor_in_region");
    assert_string_equal(field(place, run, "pending_message"), "no hypervisor in region local");
}

static void test_pass__fills_beyond_pages_of_runs_that_do_not_fit(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    queue_fixture_runs(place->admin, 3 * QUEUE_PAGE_RUNS, "{2000}");
    struct id small = queue_fixture_run(place->admin, 100, 0);
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN_NEW).placed, 1);
    assert_string_equal(field(place, small, "state"), "assigned");
}

/* Memory on one, cores on the other: these runs pass the filter of a page and fit nowhere. */
static void test_pass__goes_on_where_it_was_cut(void **state)
{
    struct place *place = *state;
    struct id few_cores = queue_fixture_hypervisor(place->admin, 4000);
    (void)queue_fixture_hypervisor(place->admin, 1000);
    fixture_script(place->admin, "UPDATE hypervisors SET cpu_milli = 500 WHERE id = '%s'",
                   ID_TEXT(few_cores));
    queue_fixture_runs(place->admin, 9000, "{2000}");
    fixture_script(place->admin, "UPDATE runs SET cpu_milli = 4000");
    struct id small = queue_fixture_run(place->admin, 100, 0);
    load(place);

    struct queue_outcome outcome = pass(place, QUEUE_EXPLAIN_NEW);
    assert_true(outcome.is_cut);
    assert_int_equal(outcome.placed, 0);
    int passes = 1;
    for (; outcome.is_cut && passes < 10; passes++)
        outcome = pass(place, QUEUE_EXPLAIN_NEW);
    assert_int_equal(passes, 2);
    assert_string_equal(field(place, small, "state"), "assigned");
}

static void test_pass__fills_a_fleet_and_never_over(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < 10; i++)
        (void)queue_fixture_hypervisor(place->admin, 1000 + 900 * i);
    queue_fixture_runs(place->admin, 1500, "{64,128,256,512,1024}");
    load(place);
    struct queue_outcome outcome;
    size_t placed = 0;
    do {
        outcome = pass(place, QUEUE_EXPLAIN_NEW);
        placed += outcome.placed;
    } while (outcome.is_cut);
    assert_int_equal(
        queue_fixture_number(place->admin, "SELECT count(*) FROM runs WHERE state = 'assigned'"),
        placed);
    assert_no_memory_given_twice(place);
    assert_int_equal(pass(place, QUEUE_FILL).placed, 0);
    /* what is left over is less than the smallest run that waits */
    assert_int_equal(
        queue_fixture_number(
            place->admin,
            "SELECT count(*) FROM hypervisors h WHERE memory_total_mb - coalesce((SELECT"
            " sum(memory_mb) FROM runs r WHERE r.hypervisor_id = h.id), 0) >= (SELECT"
            " min(memory_mb) FROM runs WHERE state = 'pending')"),
        0);
}

static void test_pass__gives_back_what_a_cordon_refused(void **state)
{
    struct place *place = *state;
    struct id hypervisor = queue_fixture_hypervisor(place->admin, 1000);
    struct id run = queue_fixture_run(place->admin, 600, 50);
    load(place);
    fixture_script(place->admin, "UPDATE hypervisors SET status = 'cordoned'");
    assert_int_equal(pass(place, QUEUE_FILL).placed, 0);
    assert_string_equal(field(place, run, "state"), "pending");
    assert_int_equal(fleet_find(place->fleet, hypervisor)->memory_free_mb, 1000);

    fixture_script(place->admin, "UPDATE hypervisors SET status = 'ready'");
    load(place);
    assert_int_equal(pass(place, QUEUE_FILL).placed, 1);
    assert_int_equal(fleet_find(place->fleet, hypervisor)->memory_free_mb, 400);
}

/* A trigger refuses one run; the others of its batch go their way. */
static void test_pass__one_bad_run_harms_no_other(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    struct id good = queue_fixture_run(place->admin, 300, 50);
    struct id bad = queue_fixture_run(place->admin, 300, 50);
    struct id last = queue_fixture_run(place->admin, 400, 50);
    fixture_script(place->admin,
                   "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                   " IF NEW.id = '%s' AND NEW.state = 'assigned' THEN RAISE 'no'; END IF;"
                   " RETURN NEW; END $$;"
                   "CREATE TRIGGER refuse BEFORE UPDATE ON runs FOR EACH ROW"
                   " EXECUTE FUNCTION refuse()",
                   ID_TEXT(bad));
    load(place);
    size_t placed = pass(place, QUEUE_FILL).placed;
    fixture_script(place->admin, "DROP FUNCTION refuse CASCADE");
    assert_int_equal(placed, 2);
    assert_string_equal(field(place, good, "state"), "assigned");
    assert_string_equal(field(place, bad, "state"), "pending");
    assert_string_equal(field(place, last, "state"), "assigned");
    int64_t left_mb = free_index_most_memory(&fleet_region_at(place->fleet, 0)->ready, 0);
    assert_int_equal(left_mb, 300); /* the bad one's is given back */
}

static void test_pass__tells_when_the_session_is_gone(void **state)
{
    struct place *place = *state;
    struct err e;
    struct queue_outcome outcome;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    (void)queue_fixture_run(place->admin, 300, 50);
    load(place);
    fixture_script(place->admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    int r = queue_pass(&place->queue, QUEUE_FILL, &outcome, &e);
    assert_true(r == ERR_UNAVAILABLE || r == ERR_UNCERTAIN);
}

static void test_sync__noted_run_frees_the_memory_of_its_hypervisor(void **state)
{
    struct place *place = *state;
    struct err e;
    bool has_more;
    struct id hypervisor = queue_fixture_hypervisor(place->admin, 1000);
    struct id run = queue_fixture_run(place->admin, 800, 50);
    load(place);
    (void)pass(place, QUEUE_FILL);
    assert_int_equal(fleet_find(place->fleet, hypervisor)->memory_free_mb, 200);

    fleet_sync_note_run(&place->sync, ID_TEXT(run));
    fleet_sync_note_run(&place->sync, "not an id");
    ASSERT_OK(fleet_sync_noted(&place->sync, &has_more, &e), e);
    assert_false(has_more); /* a log line */

    fixture_script(place->admin, "UPDATE runs SET state = 'succeeded'");
    fleet_sync_note_run(&place->sync, ID_TEXT(run));
    assert_true(fleet_sync_has_notes(&place->sync));
    ASSERT_OK(fleet_sync_noted(&place->sync, &has_more, &e), e);
    assert_true(has_more);
    assert_false(fleet_sync_has_notes(&place->sync));
    assert_int_equal(fleet_find(place->fleet, hypervisor)->memory_free_mb, 1000);
}

static void test_sync__too_many_notes_mean_everything(void **state)
{
    struct place *place = *state;
    struct err e;
    bool has_more;
    load(place);
    struct id hypervisor = queue_fixture_hypervisor(place->admin, 1000);
    for (int i = 0; i <= FLEET_SYNC_NOTED_MAX; i++)
        fleet_sync_note_run(&place->sync, ID_TEXT(id_new()));
    ASSERT_OK(fleet_sync_noted(&place->sync, &has_more, &e), e);
    assert_true(has_more);
    assert_non_null(fleet_find(place->fleet, hypervisor));
}

static void test_leader__one_session_at_a_time(void **state)
{
    struct place *place = *state;
    struct err e;
    bool leads = false;
    ASSERT_OK(leader_try(place->db, &leads, &e), e);
    assert_true(leads);
    struct db *other = test_database_open();
    ASSERT_OK(leader_try(other, &leads, &e), e);
    assert_false(leads);

    ASSERT_OK(leader_renew(place->db, &e), e);
    assert_int_equal(queue_fixture_number(place->admin,
                                          "SELECT count(*) FROM leases WHERE role = 'scheduler'"
                                          " AND renewed_at > now() - interval '5 seconds'"),
                     1);
    db_close(other);
}

static void test_reaper__waits_until_an_api_is_there(void **state)
{
    struct place *place = *state;
    struct err e;
    bool changed = false;
    struct reaper reaper;
    struct id hypervisor = queue_fixture_hypervisor(place->admin, 1000);
    struct id run = fixture_run_in(place->admin, "assigned", hypervisor);
    fixture_script(place->admin, "UPDATE hypervisors SET last_seen_at = now() - interval '1 hour'");

    reaper_init(&reaper, place->db, 10, 10);
    reaper.observed_since_us -= 3600 * CLOCK_US_PER_S;
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
    assert_false(changed); /* no API: the clock starts anew */

    CLEANUP(db_closep) struct db *api = NULL;
    ASSERT_OK(db_open(test_database_url(), "errand-api", &api, &e), e);
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
    assert_false(changed);

    reaper.observed_since_us -= 11 * CLOCK_US_PER_S;
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
    assert_true(changed);
    assert_string_equal(field(place, run, "state"), "pending");
}

static void test_reaper__starts_anew_after_it_slept(void **state)
{
    struct place *place = *state;
    struct err e;
    bool changed = false;
    struct reaper reaper;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    fixture_script(place->admin, "UPDATE hypervisors SET last_seen_at = now() - interval '1 hour'");
    CLEANUP(db_closep) struct db *api = NULL;
    ASSERT_OK(db_open(test_database_url(), "errand-api", &api, &e), e);

    reaper_init(&reaper, place->db, 10, 10);
    reaper.observed_since_us -= 3600 * CLOCK_US_PER_S;
    reaper.last_tick_us -= 3600 * CLOCK_US_PER_S;
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
    assert_false(changed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)

TEST_MAIN(CASE(test_pass__best_fit_by_free_memory),
          CASE(test_pass__too_large_runs_do_not_block_smaller_ones_behind),
          CASE(test_pass__numbers_follow_on_the_tick_only), CASE(test_pass__no_hypervisor_at_all),
          CASE(test_pass__fills_beyond_pages_of_runs_that_do_not_fit),
          CASE(test_pass__goes_on_where_it_was_cut), CASE(test_pass__fills_a_fleet_and_never_over),
          CASE(test_pass__gives_back_what_a_cordon_refused),
          CASE(test_pass__one_bad_run_harms_no_other),
          CASE(test_pass__tells_when_the_session_is_gone),
          CASE(test_sync__noted_run_frees_the_memory_of_its_hypervisor),
          CASE(test_sync__too_many_notes_mean_everything), CASE(test_leader__one_session_at_a_time),
          CASE(test_reaper__waits_until_an_api_is_there),
          CASE(test_reaper__starts_anew_after_it_slept))
