/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/assignment_store.h"

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

static struct rows *live_of(struct id hypervisor)
{
    struct params p;
    assignment_store_live_params(&p, hypervisor);
    return fixture_run(db, &assignment_store_live, &p);
}

static void test_live__lists_what_is_neither_waiting_nor_over(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id assigned = fixture_run_in(db, "assigned", hypervisor);
    struct id running = fixture_run_in(db, "running", hypervisor);
    (void)fixture_run_in(db, "failed", hypervisor);
    (void)fixture_run_in(db, "assigned", fixture_hypervisor(db));
    fixture_script(db, "UPDATE runs SET stop_requested = true, attempt = 3 WHERE id = '%s'",
                   ID_TEXT(running));

    struct rows *rows = live_of(hypervisor);
    struct live_run live[2];
    assert_int_equal(rows_count(rows), 2);
    assignment_store_read_live(rows, 0, &live[0]);
    assignment_store_read_live(rows, 1, &live[1]);
    rows_free(rows);
    assert_true(id_equal(live[0].run, assigned));
    assert_int_equal(live[0].attempt, 1);
    assert_true(live[0].is_assigned);
    assert_false(live[0].stop_requested);
    assert_true(id_equal(live[1].run, running));
    assert_int_equal(live[1].attempt, 3);
    assert_false(live[1].is_assigned);
    assert_true(live[1].stop_requested);
}

static void test_work__is_what_was_frozen_with_the_run(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    fixture_script(db,
                   "UPDATE runs SET image_digest = 'sha256:abc', entrypoint = '/bin/x',"
                   " user_spec = '1:2', read_only = true, sandbox = 'trusted', timeout_seconds = "
                   "11 WHERE id = '%s'",
                   ID_TEXT(run));

    struct rows *rows = live_of(hypervisor);
    struct run_work work;
    assignment_store_read_work(rows, 0, &work);
    assert_true(id_equal(work.project, fixture_project()));
    assert_string_equal(work.image, "box:latest");
    assert_string_equal(work.image_digest, "sha256:abc");
    assert_int_equal(work.argc, 2);
    assert_string_equal(work.argv[0], "echo");
    assert_string_equal(work.argv[1], "hi there");
    assert_null(work.command);
    assert_string_equal(work.entrypoint, "/bin/x");
    assert_string_equal(work.user, "1:2");
    assert_true(work.read_only);
    assert_string_equal(work.sandbox, "trusted");
    assert_int_equal(work.timeout_seconds, 11);
    assert_int_equal(work.stop_grace_seconds, 10);
    assert_string_equal(work.stop_signal, "SIGTERM");
    assert_int_equal(work.memory_mb, 256);
    assert_int_equal(work.cpu_milli, 500);
    assert_int_equal(work.log_limit_bytes, 1048576);
    assert_int_equal(work.public_key[31], 0xab);
    assert_int_equal(work.env_n, 0);
    free(work.argv);
    rows_free(rows);
}

static void test_env__comes_with_its_owners_in_order(void **state)
{
    (void)state;
    struct id hypervisor = fixture_hypervisor(db);
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    struct id owner = id_new();
    fixture_script(db,
                   "INSERT INTO run_env VALUES ('%s', 'B_KEY', '%s', '\\x00ff', false),"
                   " ('%s', 'A', '%s', '', true)",
                   ID_TEXT(run), ID_TEXT(owner), ID_TEXT(run), ID_TEXT(run));

    struct rows *rows = live_of(hypervisor);
    struct run_work work;
    struct env_item item;
    assignment_store_read_work(rows, 0, &work);
    assert_int_equal(work.env_public_n, 1);
    assert_string_equal(work.env_public[0], "B_KEY");
    free(work.env_public);
    const unsigned char *env = work.env;
    size_t n = work.env_n;
    assert_true(env_item_next(&env, &n, &item));
    assert_memory_equal(item.key, "A", item.key_n);
    assert_true(id_equal(item.owner, run));
    assert_int_equal(item.value_n, 0);
    assert_true(env_item_next(&env, &n, &item));
    assert_int_equal(item.key_n, 5);
    assert_memory_equal(item.key, "B_KEY", 5);
    assert_true(id_equal(item.owner, owner));
    assert_int_equal(item.value_n, 2);
    assert_memory_equal(item.value, "\x00\xff", 2);
    assert_false(env_item_next(&env, &n, &item));
    free(work.argv);
    rows_free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live__lists_what_is_neither_waiting_nor_over),
        cmocka_unit_test(test_work__is_what_was_frozen_with_the_run),
        cmocka_unit_test(test_env__comes_with_its_owners_in_order),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
