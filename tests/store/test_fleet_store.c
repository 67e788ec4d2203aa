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

TEST_MAIN(cmocka_unit_test(test_list__of_nothing),
          cmocka_unit_test(test_list__counts_live_runs_and_their_memory))
