/* SPDX-License-Identifier: Apache-2.0
 *
 * The program itself: processes that race, lead, die and take over. The test plays users, API and
 * agents by writing to the database.
 */
#include "base/clock.h"
#include "base/err.h"

#include "queue_fixture.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define SCHEDULERS_MAX 3

struct place {
    struct db *admin;
    struct db *api; /* only its name matters: heartbeats could arrive */
    pid_t pids[SCHEDULERS_MAX];
};

static int make_place(void **state)
{
    struct err e;
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL)
        return -1;
    place->admin = test_database_migrated();
    queue_fixture_reset(place->admin);
    ASSERT_OK(db_open(test_database_url(), "errand-api", &place->api, &e), e);
    *state = place;
    return 0;
}

static int wait_for_exit(pid_t *pid)
{
    int status = -1;
    assert_int_equal(waitpid(*pid, &status, 0), *pid);
    *pid = 0;
    return status;
}

static int free_place(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < SCHEDULERS_MAX; i++) {
        if (place->pids[i] > 0) {
            (void)kill(place->pids[i], SIGKILL);
            (void)wait_for_exit(&place->pids[i]);
        }
    }
    db_close(place->api);
    db_close(place->admin);
    free(place);
    return 0;
}

static void start(struct place *place, size_t i)
{
    char program[PATH_MAX];
    (void)snprintf(program, sizeof(program), "%s/errand-scheduler", getenv("ERRAND_BIN_DIR"));
    place->pids[i] = fork();
    assert_true(place->pids[i] >= 0);
    if (place->pids[i] == 0) {
        (void)setenv("ERRAND_DATABASE_URL", test_database_url(), 1);
        (void)execl(program, program, "--lost_after_seconds=1", "--lost-grace-seconds=1",
                    "--log_level=warn", (char *)NULL);
        _exit(127);
    }
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

/* Wait until the query, a count, answers `expected`; returns how long that took. */
static int64_t wait_until(struct place *place, int64_t expected, int64_t limit_ms, const char *sql)
{
    int64_t start_us = clock_mono_us();
    int64_t seen;
    int64_t took_ms;
    do {
        seen = queue_fixture_number(place->admin, "%s", sql);
        took_ms = (clock_mono_us() - start_us) / CLOCK_US_PER_MS;
        if (seen == expected)
            return took_ms;
        pause_ms(2);
    } while (took_ms < limit_ms);
    fail_msg("%s: still %" PRId64 " after %" PRId64 " ms, not %" PRId64, sql, seen, took_ms,
             expected);
    return -1;
}

static const char leads[] = "SELECT count(*) FROM leases WHERE renewed_at > now() - interval '2 s'";
static const char waiting[] = "SELECT count(*) FROM runs WHERE state = 'pending'";
static const char lockers[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                              " AND granted AND database = (SELECT oid FROM pg_database"
                              " WHERE datname = current_database())";

static void assert_no_memory_given_twice(struct place *place)
{
    assert_int_equal(
        queue_fixture_number(place->admin,
                             "SELECT count(*) FROM hypervisors h WHERE memory_total_mb <"
                             " (SELECT sum(memory_mb) FROM runs r WHERE r.hypervisor_id = h.id"
                             "  AND state IN ('assigned', 'running'))"),
        0);
}

static void heartbeat_all(struct place *place)
{
    fixture_script(place->admin, "UPDATE hypervisors SET last_seen_at = now()");
}

/* Agents start and finish what was assigned, a hundred runs at a time. */
static void finish_some(struct place *place)
{
    fixture_script(place->admin,
                   "WITH ended AS (UPDATE runs SET state = 'succeeded', completed_at = now()"
                   "  WHERE id IN (SELECT id FROM runs WHERE state = 'assigned' LIMIT 100)"
                   "  RETURNING id) SELECT pg_notify('errand_run', id::text) FROM ended");
}

static void assert_each_was_assigned_once(struct place *place, int64_t n)
{
    assert_int_equal(queue_fixture_number(place->admin, "SELECT count(*) FROM runs"), n);
    assert_int_equal(
        queue_fixture_number(place->admin, "SELECT count(*) FROM runs WHERE attempt <> 1"), 0);
}

static void test_scheduler__new_run_is_assigned_at_once_not_at_the_tick(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 100000);
    start(place, 0);
    (void)wait_until(place, 1, 10000, leads);
    int64_t total_ms = 0;
    for (int i = 0; i < 20; i++) {
        heartbeat_all(place);
        (void)queue_fixture_run(place->admin, 256, 50);
        fixture_script(place->admin, "NOTIFY errand_queue");
        total_ms += wait_until(place, 0, 5000, waiting);
    }
    assert_in_range(total_ms, 0, 20 * 200); /* by the tick it would be 500 ms each */
}

static void test_scheduler__ended_run_makes_room_at_once(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 256);
    queue_fixture_runs(place->admin, 11, "{256}");
    start(place, 0);
    int64_t total_ms = 0;
    for (int left = 10; left > 0; left--) {
        (void)wait_until(place, left, 10000, waiting);
        heartbeat_all(place);
        int64_t start_us = clock_mono_us();
        finish_some(place);
        (void)wait_until(place, left - 1, 5000, waiting);
        total_ms += (clock_mono_us() - start_us) / CLOCK_US_PER_MS;
    }
    assert_in_range(total_ms, 0, 10 * 250);
}

static void test_scheduler__many_at_once_assign_every_run_exactly_once(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < 8; i++)
        (void)queue_fixture_hypervisor(place->admin, 4096 + 512 * i);
    for (size_t i = 0; i < SCHEDULERS_MAX; i++)
        start(place, i);
    queue_fixture_runs(place->admin, 2000, "{64,256,512,1024,2048}");
    fixture_script(place->admin, "NOTIFY errand_queue");

    int64_t deadline_us = clock_mono_us() + 40 * CLOCK_US_PER_S;
    while (queue_fixture_number(place->admin, "%s", waiting) > 0) {
        assert_true(clock_mono_us() < deadline_us);
        assert_no_memory_given_twice(place);
        heartbeat_all(place);
        finish_some(place);
    }
    assert_each_was_assigned_once(place, 2000);
    assert_int_equal(queue_fixture_number(place->admin, "%s", lockers), 1);
}

/* Kill the one that leads; returns which. */
static size_t kill_leader(struct place *place)
{
    const char *holder = fixture_text(
        place->admin, "SELECT split_part(holder, ':', 2) FROM leases WHERE role = 'scheduler'");
    for (size_t i = 0; i < SCHEDULERS_MAX; i++) {
        char pid[16];
        (void)snprintf(pid, sizeof(pid), "%d", (int)place->pids[i]);
        if (strcmp(pid, holder) == 0) {
            assert_int_equal(kill(place->pids[i], SIGKILL), 0);
            (void)wait_for_exit(&place->pids[i]);
            return i;
        }
    }
    fail_msg("the leader %s is none of ours", holder);
    return 0;
}

static void test_scheduler__killed_leaders_lose_and_repeat_nothing(void **state)
{
    struct place *place = *state;
    for (int i = 0; i < 8; i++)
        (void)queue_fixture_hypervisor(place->admin, 4096);
    start(place, 0);
    start(place, 1);
    (void)wait_until(place, 1, 10000, leads);

    /* LEADER_KILLS=50 for the long one */
    const char *kills = getenv("LEADER_KILLS");
    int rounds = kills == NULL ? 3 : (int)strtol(kills, NULL, 10); /* lint: allow */
    int64_t slowest_ms = 0;
    for (int round = 0; round < rounds; round++) {
        queue_fixture_runs(place->admin, 300, "{64,256,512}");
        fixture_script(place->admin, "NOTIFY errand_queue");
        pause_ms(5 * (round % 10)); /* before, while and after it works */
        size_t killed = kill_leader(place);
        int64_t killed_us = clock_mono_us();
        (void)wait_until(place, 1, 2000, lockers);
        int64_t took_ms = (clock_mono_us() - killed_us) / CLOCK_US_PER_MS;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
        queue_fixture_runs(place->admin, 1, "{64}");
        heartbeat_all(place);

        int64_t start_us = clock_mono_us();
        while (queue_fixture_number(place->admin, "%s", waiting) > 0) {
            assert_true(clock_mono_us() - start_us < 20 * CLOCK_US_PER_S);
            assert_no_memory_given_twice(place);
            heartbeat_all(place);
            finish_some(place);
        }
        start(place, killed);
        pause_ms(300); /* the new one connects and stands by */
    }
    assert_each_was_assigned_once(place, rounds * 301);
    print_message("%d leaders killed, at most %" PRId64 " ms until the next one led\n", rounds,
                  slowest_ms);
}

static void test_scheduler__standby_takes_over_within_two_seconds_of_a_kill(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 4096);
    start(place, 0);
    (void)wait_until(place, 1, 10000, leads);
    start(place, 1);
    (void)wait_until(place, 2, 10000,
                     "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                     " AND application_name = 'errand-scheduler'");
    (void)kill_leader(place);
    (void)queue_fixture_run(place->admin, 256, 50);
    fixture_script(place->admin, "NOTIFY errand_queue"); /* nobody hears it */
    (void)wait_until(place, 0, 2000, waiting);
}

static void test_scheduler__lost_session_is_opened_again(void **state)
{
    struct place *place = *state;
    (void)queue_fixture_hypervisor(place->admin, 4096);
    start(place, 0);
    (void)wait_until(place, 1, 10000, leads);
    fixture_script(place->admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE datname = current_database()"
                                 " AND application_name = 'errand-scheduler'");
    (void)queue_fixture_run(place->admin, 256, 50);
    (void)wait_until(place, 0, 3000, waiting);
}

static void test_scheduler__lost_hypervisor_gives_back_its_runs(void **state)
{
    struct place *place = *state;
    struct id silent = queue_fixture_hypervisor(place->admin, 4096);
    struct id alive = queue_fixture_hypervisor(place->admin, 8192);
    struct id assigned = fixture_run_in(place->admin, "assigned", silent);
    struct id running = fixture_run_in(place->admin, "running", silent);
    start(place, 0);

    char moved[256];
    (void)snprintf(moved, sizeof(moved),
                   "UPDATE hypervisors SET last_seen_at = now() WHERE id = '%s'", ID_TEXT(alive));
    bool is_moved = false;
    bool is_failed = false;
    for (int i = 0; i < 400 && !(is_moved && is_failed); i++) {
        fixture_script(place->admin, "%s", moved);
        is_moved = queue_fixture_number(place->admin,
                                        "SELECT count(*) FROM runs WHERE id = '%s' AND"
                                        " state = 'assigned' AND attempt = 2 AND"
                                        " hypervisor_id = '%s'",
                                        ID_TEXT(assigned), ID_TEXT(alive)) == 1;
        is_failed = queue_fixture_number(place->admin,
                                         "SELECT count(*) FROM runs WHERE id = '%s' AND"
                                         " termination_reason = 'hypervisor_lost'",
                                         ID_TEXT(running)) == 1;
        assert_true(is_moved || !is_failed); /* the grace is the longer one */
        pause_ms(20);
    }
    assert_true(is_moved);
    assert_true(is_failed);
    assert_string_equal(fixture_text(place->admin, "SELECT string_agg(status, ',' ORDER BY"
                                                   " memory_total_mb) FROM hypervisors"),
                        "lost,ready");
}

static void test_scheduler__sigterm_ends_leader_and_standby_cleanly(void **state)
{
    struct place *place = *state;
    start(place, 0);
    (void)wait_until(place, 1, 10000, leads);
    start(place, 1);
    (void)wait_until(place, 2, 10000,
                     "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                     " AND application_name = 'errand-scheduler'");
    assert_int_equal(kill(place->pids[1], SIGTERM), 0);
    assert_int_equal(wait_for_exit(&place->pids[1]), 0);
    assert_int_equal(kill(place->pids[0], SIGTERM), 0);
    assert_int_equal(wait_for_exit(&place->pids[0]), 0);
    (void)wait_until(place, 0, 2000, lockers);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)

TEST_MAIN(CASE(test_scheduler__new_run_is_assigned_at_once_not_at_the_tick),
          CASE(test_scheduler__ended_run_makes_room_at_once),
          CASE(test_scheduler__many_at_once_assign_every_run_exactly_once),
          CASE(test_scheduler__killed_leaders_lose_and_repeat_nothing),
          CASE(test_scheduler__standby_takes_over_within_two_seconds_of_a_kill),
          CASE(test_scheduler__lost_session_is_opened_again),
          CASE(test_scheduler__lost_hypervisor_gives_back_its_runs),
          CASE(test_scheduler__sigterm_ends_leader_and_standby_cleanly))
