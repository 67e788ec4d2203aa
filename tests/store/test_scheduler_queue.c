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
#include "store/pin_store.h"

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

static const struct queue_options options = {.leases = {.start_s = 27, .run_s = 135},
                                             .hold_after_us = 60 * CLOCK_US_PER_S};

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
    ASSERT_OK(queue_init(&place->queue, place->db, place->fleet, &options, &e), e);
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

/* Why runs of this size wait; or the message. */
static const char *note(struct place *place, int64_t memory_mb, const char *name)
{
    return fixture_text(place->admin, "SELECT %s FROM queue_notes WHERE memory_mb = %" PRId64, name,
                        memory_mb);
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
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 2);
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
    struct queue_outcome outcome = pass(place, QUEUE_PLACE);
    assert_int_equal(outcome.placed, 1);
    assert_true(outcome.runs_wait);
    assert_string_equal(field(place, small, "state"), "assigned");
    assert_string_equal(field(place, huge, "state"), "pending");
    assert_string_equal(note(place, 2048, "reason"), "insufficient_memory");
    assert_string_equal(note(place, 2048, "message"),
                        "need 2048 MB, largest free 1280 MB on 1 hypervisor");
}

static void test_pass__numbers_follow_on_the_tick_only(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1536);
    (void)queue_fixture_run(place->admin, 2048, 50);
    load(place);
    (void)pass(place, QUEUE_PLACE);
    (void)queue_fixture_run(place->admin, 512, 50);
    (void)pass(place, QUEUE_PLACE);
    (void)pass(place, QUEUE_PLACE);
    const char *before = "need 2048 MB, largest free 1536 MB on 1 hypervisor";
    assert_string_equal(note(place, 2048, "message"), before);
    (void)pass(place, QUEUE_EXPLAIN);
    assert_string_equal(note(place, 2048, "message"),
                        "need 2048 MB, largest free 1024 MB on 1 hypervisor");
}

static void test_pass__no_hypervisor_at_all(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_run(place->admin, 256, 50);
    load(place);
    assert_true(pass(place, QUEUE_EXPLAIN).runs_wait);
    assert_string_equal(note(place, 256, "reason"), "no_hypervisor_in_region");
    assert_string_equal(note(place, 256, "message"), "no hypervisor in region local");
}

static void test_pass__fills_beyond_pages_of_runs_that_do_not_fit(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    queue_fixture_runs(place->admin, 3 * QUEUE_ROUND_RUNS, "{2000}");
    struct id small = queue_fixture_run(place->admin, 100, 0);
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 1);
    assert_string_equal(field(place, small, "state"), "assigned");
}

static void test_pass__is_cut_and_goes_on(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 200000);
    fixture_script(place->admin, "UPDATE hypervisors SET cpu_milli = 100000000");
    queue_fixture_runs(place->admin, 17 * QUEUE_ROUND_RUNS, "{10}");
    load(place);
    struct queue_outcome outcome = pass(place, QUEUE_PLACE);
    assert_true(outcome.is_cut);
    assert_int_equal(outcome.placed, 16 * QUEUE_ROUND_RUNS);
    outcome = pass(place, QUEUE_PLACE);
    assert_false(outcome.is_cut);
    assert_int_equal(outcome.placed, QUEUE_ROUND_RUNS);
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
        outcome = pass(place, QUEUE_PLACE);
        placed += outcome.placed;
    } while (outcome.is_cut);
    assert_int_equal(
        queue_fixture_number(place->admin, "SELECT count(*) FROM runs WHERE state = 'assigned'"),
        placed);
    assert_no_memory_given_twice(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 0);
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
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 0);
    assert_string_equal(field(place, run, "state"), "pending");
    assert_int_equal(fleet_find(place->fleet, hypervisor)->memory_free_mb, 1000);

    fixture_script(place->admin, "UPDATE hypervisors SET status = 'ready'");
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 1);
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
    size_t placed = pass(place, QUEUE_PLACE).placed;
    fixture_script(place->admin, "DROP FUNCTION refuse CASCADE");
    assert_int_equal(placed, 2);
    assert_string_equal(field(place, good, "state"), "assigned");
    assert_string_equal(field(place, bad, "state"), "pending");
    assert_string_equal(field(place, last, "state"), "assigned");
    assert_int_equal(
        free_index_roomiest(&fleet_region_at(place->fleet, 0)->ready, 0)->memory_free_mb,
        300); /* the bad one's is given back */
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
    int r = queue_pass(&place->queue, QUEUE_PLACE, &outcome, &e);
    assert_true(r == ERR_UNAVAILABLE || r == ERR_UNCERTAIN);
}

/* --- fair turns --- */

static void give_to_project(struct place *place, const char *project, const char *which)
{
    fixture_script(place->admin,
                   "INSERT INTO projects (id, name) VALUES ('%s', '%s') ON CONFLICT DO NOTHING;"
                   "UPDATE runs SET project_id = '%s' WHERE %s",
                   project, project, project, which);
}

static int64_t assigned_of(struct place *place, const char *project)
{
    return queue_fixture_number(place->admin,
                                "SELECT count(*) FROM runs WHERE state = 'assigned' AND"
                                " project_id = '%s'",
                                project);
}

#define PROJECT_B "01900000-0000-7000-8000-0000000000bb"
#define PROJECT_C "01900000-0000-7000-8000-0000000000cc"

static void test_pass__projects_share_what_there_is(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 3000);
    queue_fixture_runs(place->admin, 100, "{100}"); /* was first, with many */
    queue_fixture_runs(place->admin, 12, "{101}");
    queue_fixture_runs(place->admin, 3, "{102}");
    give_to_project(place, PROJECT_B, "memory_mb = 101");
    give_to_project(place, PROJECT_C, "memory_mb = 102");
    fixture_script(place->admin, "UPDATE runs SET memory_mb = 100, priority = 100,"
                                 " queue_at = queue_at - interval '100 minutes'"
                                 " WHERE project_id = '" FIXTURE_PROJECT "';"
                                 "UPDATE runs SET memory_mb = 100");
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 30);
    assert_int_equal(assigned_of(place, PROJECT_C), 3); /* all it wants */
    assert_int_equal(assigned_of(place, PROJECT_B), 12);
    assert_int_equal(assigned_of(place, FIXTURE_PROJECT), 15);
}

static void test_pass__what_a_project_has_already_counts(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    queue_fixture_runs(place->admin, 6, "{100}");
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 6);
    queue_fixture_runs(place->admin, 20, "{100}");
    queue_fixture_runs(place->admin, 20, "{101}");
    give_to_project(place, PROJECT_B, "memory_mb = 101");
    fixture_script(place->admin, "UPDATE runs SET memory_mb = 100");
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 4);
    assert_int_equal(assigned_of(place, PROJECT_B), 4);
}

/* More projects than a round reads. */
static void test_pass__many_projects_get_one_each(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 3000);
    fixture_script(place->admin, "UPDATE hypervisors SET cpu_milli = 100000");
    queue_fixture_runs(place->admin, 600, "{10}");
    fixture_script(
        place->admin,
        "INSERT INTO projects (id, name) SELECT gen_random_uuid(), 'p' || i"
        " FROM generate_series(1, 300) i ON CONFLICT DO NOTHING;"
        "WITH p AS (SELECT id, row_number() OVER () - 1 AS n FROM projects"
        "   WHERE name LIKE 'p%%'),"
        " r AS (SELECT id, row_number() OVER () %% 300 AS n FROM runs)"
        "UPDATE runs SET project_id = p.id FROM p, r WHERE r.id = runs.id AND p.n = r.n");
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 300);
    assert_int_equal(queue_fixture_number(place->admin,
                                          "SELECT count(DISTINCT project_id) FROM runs"
                                          " WHERE state = 'assigned'"),
                     300);
    fixture_script(place->admin,
                   "TRUNCATE runs CASCADE; DELETE FROM projects WHERE name <> 'default'");
}

/* --- holds --- */

static void age(struct place *place, struct id run)
{
    fixture_script(place->admin,
                   "UPDATE runs SET created_at = created_at - interval '2 minutes' WHERE id = '%s'",
                   ID_TEXT(run));
}

static void end_one(struct place *place, int64_t memory_mb)
{
    fixture_script(place->admin,
                   "UPDATE runs SET state = 'succeeded' WHERE id IN (SELECT id FROM runs"
                   " WHERE state = 'assigned' AND memory_mb = %" PRId64 " LIMIT 1)",
                   memory_mb);
}

static void test_pass__a_large_run_is_not_starved_by_small_ones(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    queue_fixture_runs(place->admin, 50, "{100}");
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN).placed, 10);
    struct id large = queue_fixture_run(place->admin, 1000, 0);
    age(place, large);

    int ended = 0;
    while (strcmp(field(place, large, "state"), "pending") == 0) {
        assert_in_range(++ended, 1, 12);
        end_one(place, 100);
        load(place);
        (void)pass(place, QUEUE_EXPLAIN);
    }
    assert_no_memory_given_twice(place);
    end_one(place, 1000);
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN).placed, 10); /* and the others go on */
}

static void test_pass__nothing_is_held_for_what_never_fits(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    age(place, queue_fixture_run(place->admin, 1001, 99));
    struct id cancel = queue_fixture_run(place->admin, 900, 50);
    queue_fixture_runs(place->admin, 30, "{200}");
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN).placed, 1);
    age(place, cancel);
    end_one(place, 900);
    load(place);
    assert_int_equal(pass(place, QUEUE_EXPLAIN).placed, 5);
    assert_int_equal(place->queue.holds.n, 0);

    struct id gone = queue_fixture_run(place->admin, 900, 50); /* held for, then canceled */
    age(place, gone);
    (void)pass(place, QUEUE_EXPLAIN);
    assert_int_equal(place->queue.holds.n, 1);
    fixture_script(place->admin, "UPDATE runs SET state = 'canceled' WHERE id = '%s'",
                   ID_TEXT(gone));
    (void)pass(place, QUEUE_EXPLAIN);
    assert_int_equal(place->queue.holds.n, 0);
}

/* --- warmth --- */

static void test_pass__goes_to_a_pin_and_counts_it(void **state)
{
    struct place *place = *state;
    struct err e;
    (void)queue_fixture_hypervisor(place->admin, 500);
    struct id warm = queue_fixture_hypervisor(place->admin, 1000);
    struct id run = queue_fixture_run(place->admin, 400, 50);
    struct id other = queue_fixture_run(place->admin, 400, 50);
    struct id runner;
    const char *text = field(place, run, "runner_id");
    ASSERT_OK(id_parse(text, strlen(text), &runner, &e), e);
    struct params p;
    pin_store_put_params(&p, &(struct pin){runner, warm, "sha256:x", 0, 600});
    CLEANUP(rows_freep) struct rows *made = fixture_run(place->admin, &pin_store_put, &p);
    assert_int_equal(rows_count(made), 1);
    fixture_script(place->admin, "UPDATE runs SET image = 'other:1' WHERE id = '%s'",
                   ID_TEXT(other));
    load(place);
    assert_int_equal(pass(place, QUEUE_PLACE).placed, 2);
    assert_string_equal(field(place, run, "hypervisor_id"), ID_TEXT(warm));
    assert_string_not_equal(field(place, other, "hypervisor_id"), ID_TEXT(warm));
    ASSERT_OK(queue_write_counts(&place->queue, &e), e);
    assert_string_equal(fixture_text(place->admin,
                                     "SELECT string_agg(name || '=' || value, ' ' ORDER BY name)"
                                     " FROM scheduler_counters"),
                        "placed=2 placed_by_image=0 placed_on_pin=1 placed_with_pin=1");
}

static void test_sync__noted_run_frees_the_memory_of_its_hypervisor(void **state)
{
    struct place *place = *state;
    struct err e;
    bool has_more;
    struct id hypervisor = queue_fixture_hypervisor(place->admin, 1000);
    struct id run = queue_fixture_run(place->admin, 800, 50);
    load(place);
    (void)pass(place, QUEUE_PLACE);
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

/* Set by an hour, forth and back: heartbeats are as far from now as if nobody had said anything. */
static void test_reaper__starts_anew_after_the_clock_was_set(void **state)
{
    struct place *place = *state;
    struct err e;
    bool changed = false;
    struct reaper reaper;
    (void)queue_fixture_hypervisor(place->admin, 1000);
    CLEANUP(db_closep) struct db *api = NULL;
    ASSERT_OK(db_open(test_database_url(), "errand-api", &api, &e), e);
    reaper_init(&reaper, place->db, 10, 10);
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);

    for (int64_t hours = -1; hours <= 1; hours += 2) {
        fixture_script(place->admin,
                       "UPDATE hypervisors SET last_seen_at = now() + interval '%d hours'",
                       (int)hours);
        reaper.observed_since_us = clock_mono_us() - 7200 * CLOCK_US_PER_S;
        reaper.ahead_us[0] += hours * 3600 * CLOCK_US_PER_S;
        reaper.ahead_us[1] += hours * 3600 * CLOCK_US_PER_S;
        ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
        assert_false(changed);
        reaper.observed_since_us -= 9 * CLOCK_US_PER_S;
        ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
        assert_false(changed);
    }
    reaper.observed_since_us -= 2 * CLOCK_US_PER_S;
    ASSERT_OK(reaper_tick(&reaper, &changed, &e), e);
    assert_true(changed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)

TEST_MAIN(
    CASE(test_pass__best_fit_by_free_memory),
    CASE(test_pass__too_large_runs_do_not_block_smaller_ones_behind),
    CASE(test_pass__numbers_follow_on_the_tick_only), CASE(test_pass__no_hypervisor_at_all),
    CASE(test_pass__fills_beyond_pages_of_runs_that_do_not_fit),
    CASE(test_pass__is_cut_and_goes_on), CASE(test_pass__fills_a_fleet_and_never_over),
    CASE(test_pass__gives_back_what_a_cordon_refused), CASE(test_pass__one_bad_run_harms_no_other),
    CASE(test_pass__tells_when_the_session_is_gone), CASE(test_pass__projects_share_what_there_is),
    CASE(test_pass__what_a_project_has_already_counts), CASE(test_pass__many_projects_get_one_each),
    CASE(test_pass__a_large_run_is_not_starved_by_small_ones),
    CASE(test_pass__nothing_is_held_for_what_never_fits),
    CASE(test_pass__goes_to_a_pin_and_counts_it),
    CASE(test_sync__noted_run_frees_the_memory_of_its_hypervisor),
    CASE(test_sync__too_many_notes_mean_everything), CASE(test_leader__one_session_at_a_time),
    CASE(test_reaper__waits_until_an_api_is_there), CASE(test_reaper__starts_anew_after_it_slept),
    CASE(test_reaper__starts_anew_after_the_clock_was_set))
