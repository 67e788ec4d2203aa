/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "store/agent_store.h"

#include "fixture.h"

static struct db *db;

static int open_db(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

/* One column of a run, as text. */
static const char *of_run(struct id run, const char *column)
{
    return fixture_text(db, "SELECT %s FROM runs WHERE id = '%s'", column, ID_TEXT(run));
}

static struct rows *join(const char *name, const char *region, int64_t memory_mb,
                         unsigned char credential)
{
    static const char *const runtimes[] = {"crun", "runc"};
    unsigned char key[32];
    unsigned char hash[32];
    memset(key, credential, sizeof(key));
    memset(hash, credential, sizeof(hash));
    memcpy(hash, name, strlen(name)); /* hashes are unique */
    struct agent_registration r = {
        .hypervisor = id_new(),
        .token = id_new(),
        .name = name,
        .region = region,
        .cpu_milli = 1500,
        .memory_total_mb = memory_mb,
        .disk_free_bytes = 7,
        .version = "1",
        .labels = "{\"disk\":\"ssd\"}",
        .runtimes = runtimes,
        .runtimes_n = 2,
        .public_key = key,
        .credential_hash = hash,
    };
    struct params p;
    agent_store_register_params(&p, &r);
    return fixture_run(db, &agent_store_register, &p);
}

static struct id join_local(const char *name, int64_t memory_mb, unsigned char credential)
{
    struct rows *rows = join(name, "local", memory_mb, credential);
    assert_int_equal(rows_count(rows), 1);
    struct id id = agent_store_registered_id(rows);
    rows_free(rows);
    return id;
}

static void test_register__renews_the_hypervisor_of_that_name(void **state)
{
    (void)state;
    struct id first = join_local("renewed", 4096, 1);
    fixture_script(db, "UPDATE hypervisors SET status = 'lost' WHERE id = '%s'", ID_TEXT(first));
    struct id second = join_local("renewed", 1024, 2);
    assert_true(id_equal(first, second));
    assert_string_equal(fixture_text(db,
                                     "SELECT concat_ws(' ', status, memory_total_mb,"
                                     " memory_free_mb, get_byte(public_key, 0), runtimes, labels)"
                                     " FROM hypervisors WHERE id = '%s'",
                                     ID_TEXT(first)),
                        "ready 1024 1024 2 {crun,runc} {\"disk\": \"ssd\"}");
    assert_string_equal(fixture_text(db,
                                     "SELECT string_agg(get_byte(hash, 31)::text, ' ') FROM tokens"
                                     " WHERE hypervisor_id = '%s'",
                                     ID_TEXT(first)),
                        "2");
}

static void test_register__keeps_one_that_drains_draining(void **state)
{
    (void)state;
    struct id id = join_local("draining", 4096, 1);
    fixture_script(db, "UPDATE hypervisors SET status = 'draining' WHERE id = '%s'", ID_TEXT(id));
    (void)join_local("draining", 4096, 2);
    assert_string_equal(
        fixture_text(db, "SELECT status FROM hypervisors WHERE id = '%s'", ID_TEXT(id)),
        "draining");
}

static void test_register__refuses_an_unknown_region(void **state)
{
    (void)state;
    struct rows *rows = join("nowhere", "nowhere", 4096, 1);
    assert_int_equal(rows_count(rows), 0);
    rows_free(rows);
    assert_string_equal(fixture_text(db, "SELECT count(*) FROM tokens WHERE name = 'nowhere'"),
                        "0");
}

/* 1: room changed, 0: it did not, -1: no such hypervisor. */
static int beat(struct id hypervisor, int64_t free_mb)
{
    struct params p;
    struct agent_vitals vitals = {4096, free_mb, 5, 3, 0};
    agent_store_heartbeat_params(&p, hypervisor, &vitals);
    struct rows *rows = fixture_run(db, &agent_store_heartbeat, &p);
    int result = rows_count(rows) == 0 ? -1 : agent_store_room_changed(rows);
    rows_free(rows);
    return result;
}

static void test_heartbeat__tells_when_placement_should_look_again(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    assert_int_equal(beat(hypervisor, 4096), 0);
    assert_int_equal(beat(hypervisor, 100), 1);
    assert_int_equal(beat(hypervisor, 100), 0);
    fixture_script(db,
                   "UPDATE hypervisors SET status = 'lost', last_seen_at = '2020-01-01'"
                   " WHERE id = '%s'",
                   ID_TEXT(hypervisor));
    assert_int_equal(beat(hypervisor, 100), 1);
    assert_string_equal(fixture_text(db,
                                     "SELECT concat_ws(' ', status, memory_free_mb, images_cached,"
                                     " last_seen_at > now() - interval '1 minute')"
                                     " FROM hypervisors WHERE id = '%s'",
                                     ID_TEXT(hypervisor)),
                        "ready 100 3 t");
    assert_int_equal(beat(id_new(), 100), -1);
}

static bool started(struct id run, int64_t attempt, struct id hypervisor)
{
    struct params p;
    struct agent_fence fence = {run, attempt, hypervisor};
    struct agent_start start = {clock_now_us(), "sha256:abc", 12, 3, NULL};
    agent_store_started_params(&p, &fence, &start);
    struct rows *rows = fixture_run(db, &agent_store_started, &p);
    bool accepted = agent_store_accepted(rows);
    rows_free(rows);
    return accepted;
}

static struct agent_finish exited(int64_t code)
{
    return (struct agent_finish){.at_us = clock_now_us(),
                                 .has_exit_code = true,
                                 .exit_code = code,
                                 .reason = TERMINATION_EXITED,
                                 .log_lines = 9,
                                 .log_bytes = 90};
}

static bool finished(struct id run, int64_t attempt, struct id hypervisor,
                     struct agent_finish finish)
{
    struct params p;
    struct agent_fence fence = {run, attempt, hypervisor};
    agent_store_finished_params(&p, &fence, &finish);
    struct rows *rows = fixture_run(db, &agent_store_finished, &p);
    bool accepted = agent_store_accepted(rows);
    rows_free(rows);
    return accepted;
}

static bool current(struct id run, int64_t attempt, struct id hypervisor)
{
    struct params p;
    struct agent_fence fence = {run, attempt, hypervisor};
    agent_store_current_params(&p, &fence);
    struct rows *rows = fixture_run(db, &agent_store_current, &p);
    bool accepted = agent_store_accepted(rows);
    rows_free(rows);
    return accepted;
}

static void test_reports__count_once_and_may_be_repeated(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    assert_true(current(run, 1, hypervisor));
    assert_true(started(run, 1, hypervisor));
    assert_true(started(run, 1, hypervisor));
    assert_string_equal(of_run(run, "concat_ws(' ', state, image_digest, pull_ms, start_ms)"),
                        "running sha256:abc 12 3");

    assert_true(finished(run, 1, hypervisor, exited(0)));
    assert_true(finished(run, 1, hypervisor, exited(1)));
    assert_true(started(run, 1, hypervisor));
    assert_false(current(run, 1, hypervisor));
    assert_string_equal(of_run(run, "concat_ws(' ', state, termination_reason, exit_code,"
                                    " log_lines, log_bytes, completed_at >= started_at)"),
                        "succeeded exited 0 9 90 t");
}

static void test_reports__of_others_change_nothing(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id other = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    assert_false(started(run, 2, hypervisor));
    assert_false(started(run, 1, other));
    assert_false(finished(run, 2, hypervisor, exited(0)));
    assert_false(finished(run, 1, other, exited(0)));
    assert_false(finished(id_new(), 1, hypervisor, exited(0)));
    assert_false(current(run, 2, hypervisor));
    assert_string_equal(of_run(run, "state"), "assigned");
}

/* Its hypervisor was given up; it comes back too late. */
static void test_reports__come_too_late_for_a_lost_run(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "running", hypervisor);
    fixture_script(db,
                   "UPDATE runs SET state = 'failed', termination_reason = 'hypervisor_lost'"
                   " WHERE id = '%s'",
                   ID_TEXT(run));
    assert_false(started(run, 1, hypervisor));
    assert_false(finished(run, 1, hypervisor, exited(0)));
    assert_string_equal(of_run(run, "termination_reason"), "hypervisor_lost");
}

static void test_finished__decides_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        bool stop_requested;
        bool has_exit_code;
        int64_t exit_code;
        enum termination_reason reason;
        const char *end;
    } cases[] = {
        {false, true, 0, TERMINATION_EXITED, "succeeded exited 0"},
        {false, true, 3, TERMINATION_EXITED, "failed exited 3"},
        {false, true, 124, TERMINATION_TIMEOUT, "failed timeout 124"},
        {false, true, 0, TERMINATION_OOM_KILLED, "failed oom_killed 0"},
        {false, false, 0, TERMINATION_IMAGE_NOT_FOUND, "failed image_not_found"},
        {true, true, 143, TERMINATION_CANCELED, "canceled canceled 143"},
        {true, true, 0, TERMINATION_EXITED, "canceled canceled 0"},
        {true, false, 0, TERMINATION_IMAGE_PULL_FAILED, "canceled canceled"},
    };
    struct id hypervisor = fixture_hypervisor(db);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct id run = fixture_run_in(db, i % 2 == 0 ? "running" : "assigned", hypervisor);
        if (cases[i].stop_requested)
            fixture_script(db, "UPDATE runs SET stop_requested = true WHERE id = '%s'",
                           ID_TEXT(run));
        struct agent_finish finish = exited(cases[i].exit_code);
        finish.has_exit_code = cases[i].has_exit_code;
        finish.reason = cases[i].reason;
        assert_true(finished(run, 1, hypervisor, finish));
        assert_string_equal(of_run(run, "concat_ws(' ', state, termination_reason, exit_code)"),
                            cases[i].end);
        assert_string_equal(of_run(run, "started_at IS NULL"),
                            cases[i].has_exit_code ? "false" : "true");
    }
}

/* Whatever the clock of the hypervisor says, time does not run backwards here. */
static void test_times__stay_between_what_is_known(void **state)
{
    (void)state;
    static const int64_t day_us = INT64_C(86400) * 1000000;
    struct id hypervisor = fixture_hypervisor(db);
    for (int days = -2; days <= 2; days += 4) {
        struct id run = fixture_run_in(db, "assigned", hypervisor);
        struct params p;
        struct agent_fence fence = {run, 1, hypervisor};
        struct agent_start start = {.at_us = clock_now_us() + days * day_us};
        agent_store_started_params(&p, &fence, &start);
        rows_free(fixture_run(db, &agent_store_started, &p));
        struct agent_finish finish = exited(0);
        finish.at_us = start.at_us - day_us / 2;
        assert_true(finished(run, 1, hypervisor, finish));
        assert_string_equal(of_run(run,
                                   "created_at <= started_at AND assigned_at <= started_at"
                                   " AND started_at <= completed_at AND completed_at <= now()"),
                            "true");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register__renews_the_hypervisor_of_that_name),
        cmocka_unit_test(test_register__keeps_one_that_drains_draining),
        cmocka_unit_test(test_register__refuses_an_unknown_region),
        cmocka_unit_test(test_heartbeat__tells_when_placement_should_look_again),
        cmocka_unit_test(test_reports__count_once_and_may_be_repeated),
        cmocka_unit_test(test_reports__of_others_change_nothing),
        cmocka_unit_test(test_reports__come_too_late_for_a_lost_run),
        cmocka_unit_test(test_finished__decides_how_it_ended),
        cmocka_unit_test(test_times__stay_between_what_is_known),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
