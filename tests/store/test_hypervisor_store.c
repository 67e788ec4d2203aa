/* SPDX-License-Identifier: Apache-2.0 */
#include "store/hypervisor_store.h"

#include "queue_fixture.h"

#include <string.h>

static struct db *db;

static int start(void **state)
{
    (void)state;
    db = test_database_migrated();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    queue_fixture_reset(db);
    return 0;
}

static struct hypervisor_capacity find(const struct rows *rows, struct id id)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct hypervisor_capacity capacity;
        hypervisor_store_read_capacity(rows, row, &capacity);
        if (id_equal(capacity.id, id))
            return capacity;
    }
    fail_msg("hypervisor %s is not among the rows", ID_TEXT(id));
    return (struct hypervisor_capacity){0};
}

static struct rows *load_some(const struct id *hypervisors, size_t hypervisors_n,
                              const struct id *runs, size_t runs_n)
{
    struct params p;
    hypervisor_store_load_some_params(&p, hypervisors, hypervisors_n, runs, runs_n);
    return fixture_run(db, &hypervisor_store_load_some, &p);
}

static struct rows *mark_lost(int64_t observed_s, int64_t limit_s)
{
    struct params p;
    hypervisor_store_silence_params(&p, &(struct hypervisor_silence){observed_s, limit_s});
    return fixture_run(db, &hypervisor_store_mark_lost, &p);
}

static void silent_for(struct id id, int seconds)
{
    fixture_script(db,
                   "UPDATE hypervisors SET last_seen_at = now() - interval '%d seconds'"
                   " WHERE id = '%s'",
                   seconds, ID_TEXT(id));
}

static const char *status_of(struct id id)
{
    return fixture_text(db, "SELECT status FROM hypervisors WHERE id = '%s'", ID_TEXT(id));
}

static void test_load_all__uses_memory_of_assigned_and_running_runs_only(void **state)
{
    (void)state;
    struct err e;
    struct id busy = queue_fixture_hypervisor(db, 4096);
    struct id idle = queue_fixture_hypervisor(db, 2048);
    static const char *const states[] = {"assigned", "running",  "running",
                                         "failed",   "canceled", "succeeded"};
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        (void)fixture_run_in(db, states[i], busy);
    fixture_script(db, "UPDATE hypervisors SET memory_free_mb = 77 WHERE id = '%s'", ID_TEXT(idle));

    CLEANUP(rows_freep) struct rows *rows = NULL;
    ASSERT_OK(db_run(db, &hypervisor_store_load_all, NULL, &rows, &e), e);
    assert_int_equal(rows_count(rows), 2);
    struct hypervisor_capacity of_busy = find(rows, busy);
    assert_int_equal(of_busy.memory_used_mb, 3 * 256);
    assert_int_equal(of_busy.memory_total_mb, 4096);
    assert_int_equal(of_busy.cpu_milli, 8000);
    assert_string_equal(of_busy.status, "ready");
    assert_true(of_busy.last_seen_us > 0);
    struct hypervisor_capacity of_idle = find(rows, idle);
    assert_int_equal(of_idle.memory_used_mb, 0);
    assert_int_equal(of_idle.memory_reported_mb, 77);
}

static void test_load_some__by_hypervisor_and_by_run(void **state)
{
    (void)state;
    struct id a = queue_fixture_hypervisor(db, 1024);
    struct id b = queue_fixture_hypervisor(db, 1024);
    (void)queue_fixture_hypervisor(db, 1024);
    struct id run = fixture_run_in(db, "succeeded", b);
    struct id pending = queue_fixture_run(db, 1, 1);

    CLEANUP(rows_freep) struct rows *none = load_some(NULL, 0, &pending, 1);
    assert_int_equal(rows_count(none), 0);
    CLEANUP(rows_freep) struct rows *by_run = load_some(NULL, 0, &run, 1);
    assert_int_equal(rows_count(by_run), 1);
    (void)find(by_run, b);
    CLEANUP(rows_freep) struct rows *both = load_some((struct id[]){a, b}, 2, &run, 1);
    assert_int_equal(rows_count(both), 2);
}

static void test_regions__are_listed(void **state)
{
    (void)state;
    struct err e;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    ASSERT_OK(db_run(db, &hypervisor_store_regions, NULL, &rows, &e), e);
    assert_int_equal(rows_count(rows), 1);
    assert_string_equal(row_text(rows, 0, 1), "local");
}

static bool api_is_up(void)
{
    struct err e;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    ASSERT_OK(db_run(db, &hypervisor_store_api_is_up, NULL, &rows, &e), e);
    return row_bool(rows, 0, 0);
}

static void test_api_is_up__while_one_has_a_session(void **state)
{
    (void)state;
    struct err e;
    assert_false(api_is_up());
    struct db *api = NULL;
    ASSERT_OK(db_open(test_database_url(), "errand-api", &api, &e), e);
    assert_true(api_is_up());
    fixture_script(db, "SET ROLE errand_scheduler");
    assert_true(api_is_up());
    fixture_script(db, "RESET ROLE");
    db_close(api);
}

static void test_mark_lost__takes_silent_ready_ones_only(void **state)
{
    (void)state;
    struct id silent = queue_fixture_hypervisor(db, 1024);
    struct id fresh = queue_fixture_hypervisor(db, 1024);
    struct id draining = queue_fixture_hypervisor(db, 1024);
    silent_for(silent, 31);
    silent_for(fresh, 20);
    silent_for(draining, 31);
    fixture_script(db, "UPDATE hypervisors SET status = 'draining' WHERE id = '%s'",
                   ID_TEXT(draining));

    CLEANUP(rows_freep) struct rows *rows = mark_lost(1000, 30);
    assert_int_equal(rows_count(rows), 1);
    assert_true(id_equal(row_id(rows, 0, 0), silent));
    assert_string_equal(row_text(rows, 0, 1), ID_TEXT(silent));
    assert_in_range(row_i64(rows, 0, 2, 0), 31, 33);
    assert_string_equal(status_of(silent), "lost");
    assert_string_equal(status_of(fresh), "ready");
    assert_string_equal(status_of(draining), "draining");

    CLEANUP(rows_freep) struct rows *again = mark_lost(1000, 30);
    assert_int_equal(rows_count(again), 0);
}

static void test_mark_lost__counts_only_observed_silence(void **state)
{
    (void)state;
    struct id silent = queue_fixture_hypervisor(db, 1024);
    silent_for(silent, 3600);
    CLEANUP(rows_freep) struct rows *early = mark_lost(29, 30);
    assert_int_equal(rows_count(early), 0);
    CLEANUP(rows_freep) struct rows *late = mark_lost(31, 30);
    assert_int_equal(rows_count(late), 1);
}

/* The clock was set back, and it has not said anything since. */
static void test_mark_lost__a_heartbeat_of_the_future_is_none(void **state)
{
    (void)state;
    struct id silent = queue_fixture_hypervisor(db, 1024);
    silent_for(silent, -3600);
    CLEANUP(rows_freep) struct rows *early = mark_lost(29, 30);
    assert_int_equal(rows_count(early), 0);
    CLEANUP(rows_freep) struct rows *late = mark_lost(31, 30);
    assert_int_equal(rows_count(late), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_load_all__uses_memory_of_assigned_and_running_runs_only, reset),
        cmocka_unit_test_setup(test_load_some__by_hypervisor_and_by_run, reset),
        cmocka_unit_test_setup(test_regions__are_listed, reset),
        cmocka_unit_test_setup(test_api_is_up__while_one_has_a_session, reset),
        cmocka_unit_test_setup(test_mark_lost__takes_silent_ready_ones_only, reset),
        cmocka_unit_test_setup(test_mark_lost__counts_only_observed_silence, reset),
        cmocka_unit_test_setup(test_mark_lost__a_heartbeat_of_the_future_is_none, reset),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
