/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fleet_store.h"

#include "fixture.h"

static struct rows *list(struct db *db, int64_t offset)
{
    struct params p;
    fleet_store_list_params(&p, (struct page_window){.limit = 10, .offset = offset});
    return fixture_run(db, &fleet_store_list, &p);
}

static void test_list__of_nothing(void **state)
{
    (void)state;
    struct db *db = test_database_migrated();
    struct rows *rows = list(db, 0);
    assert_int_equal(page_rows_total(rows), 0);
    assert_int_equal(page_rows_count(rows), 0);
    rows_free(rows);
    db_close(db);
}

static void test_list__counts_live_runs_and_their_memory(void **state)
{
    (void)state;
    static const char *const states[] = {"assigned", "running", "succeeded", "failed"};
    struct db *db = test_database_migrated();
    struct id id = fixture_hypervisor(db);
    fixture_script(db,
                   "UPDATE hypervisors SET name = 'a', runtimes = '{crun,runc}',"
                   " memory_free_mb = 4000 WHERE id = '%s'",
                   ID_TEXT(id));
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        (void)fixture_run_in(db, states[i], id);

    struct rows *rows = list(db, 0);
    assert_int_equal(page_rows_count(rows), 1);
    struct hypervisor hypervisor;
    fleet_store_read(rows, 0, &hypervisor);
    assert_true(id_equal(hypervisor.id, id));
    assert_string_equal(hypervisor.status, "ready");
    assert_int_equal(hypervisor.runs, 2);
    assert_int_equal(hypervisor.memory_total_mb, 4096);
    assert_int_equal(hypervisor.memory_free_mb, 4096 - 2 * 256);
    assert_string_equal(hypervisor.runtimes, "[\"crun\", \"runc\"]");
    assert_string_equal(hypervisor.region.slug, "local");
    rows_free(rows);

    fixture_script(db, "UPDATE hypervisors SET memory_free_mb = 100");
    rows = list(db, 0);
    fleet_store_read(rows, 0, &hypervisor);
    assert_int_equal(hypervisor.memory_free_mb, 100);
    rows_free(rows);

    rows = list(db, 10);
    assert_int_equal(page_rows_count(rows), 0);
    assert_int_equal(page_rows_total(rows), 1);
    rows_free(rows);
    db_close(db);
}

static void test_sample__is_taken_once_and_kept_for_a_day(void **state)
{
    (void)state;
    struct db *db = test_database_migrated();
    struct id id = fixture_hypervisor(db);
    (void)fixture_run_in(db, "running", id);
    fixture_script(db,
                   "INSERT INTO hypervisor_samples SELECT '%s', now() - hours * interval '1 hour',"
                   " hours, 1, 1 FROM unnest('{23,25}'::int[]) hours",
                   ID_TEXT(id));
    struct params p;
    for (int i = 0; i < 2; i++) {
        params_init(&p, 64);
        rows_free(fixture_run(db, &fleet_store_sample, &p));
    }
    fleet_store_get_params(&p, id);
    struct rows *rows = fixture_run(db, &fleet_store_history, &p);
    assert_int_equal(rows_count(rows), 2);
    struct hypervisor_sample sample;
    assert_true(fleet_store_read_sample(rows, 0, &sample));
    assert_int_equal(sample.memory_used_mb, 23);
    assert_true(fleet_store_read_sample(rows, 1, &sample));
    assert_int_equal(sample.memory_used_mb, 256);
    assert_int_equal(sample.cpu_used_milli, 500);
    assert_int_equal(sample.runs, 1);
    rows_free(rows);

    rows = list(db, 0);
    struct hypervisor hypervisor;
    fleet_store_read(rows, 0, &hypervisor);
    assert_int_equal(hypervisor.cpu_free_milli, hypervisor.cpu_milli - 500);
    rows_free(rows);

    fixture_script(db, "DELETE FROM hypervisor_samples");
    fleet_store_get_params(&p, id);
    rows = fixture_run(db, &fleet_store_history, &p);
    assert_int_equal(rows_count(rows), 1);
    assert_false(fleet_store_read_sample(rows, 0, &sample));
    rows_free(rows);
    fleet_store_get_params(&p, id_new());
    rows = fixture_run(db, &fleet_store_history, &p);
    assert_int_equal(rows_count(rows), 0);
    rows_free(rows);
    db_close(db);
}

TEST_MAIN(cmocka_unit_test(test_list__of_nothing),
          cmocka_unit_test(test_list__counts_live_runs_and_their_memory),
          cmocka_unit_test(test_sample__is_taken_once_and_kept_for_a_day))
