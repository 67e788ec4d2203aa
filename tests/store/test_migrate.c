/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "store/migrate.h"
#include "support/test_database.h"

#define RACERS 4

static void *apply(void *arg)
{
    struct db *db = test_database_open();
    struct err e = {0};
    ASSERT_OK(migrate_apply(db, arg, &e), e);
    db_close(db);
    return NULL;
}

static void test_migrate_apply__one_of_many_does_the_work(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    int applied[RACERS] = {0};
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, apply, &applied[i]), 0);
    int sum = 0;
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        sum += applied[i];
    }
    assert_int_equal(sum, migrate_version());
}

static void test_migrate_apply__refuses_a_newer_database(void **state)
{
    (void)state;
    struct db *db = test_database_open();
    struct err e = {0};
    int applied = 0;
    ASSERT_OK(db_run_script(db, "INSERT INTO schema_migrations VALUES (9999)", &e), e);
    assert_int_equal(migrate_apply(db, &applied, &e), ERR_CONFLICT);
    db_close(db);
}

/* The barrier between the programs: what a role must not read. */
static void assert_denied(const char *role, const char *table)
{
    char sql[160];
    struct err e = {0};
    struct db *db = test_database_open();
    (void)snprintf(sql, sizeof(sql), "SET ROLE %s; SELECT count(*) FROM %s", role, table);
    assert_true(db_run_script(db, sql, &e) < 0);
    assert_non_null(strstr(e.msg, "permission denied"));
    db_close(db);
}

static void test_roles__scheduler_sees_no_secrets(void **state)
{
    (void)state;
    assert_denied("errand_scheduler", "run_env");
    assert_denied("errand_scheduler", "runner_env");
    assert_denied("errand_scheduler", "tokens");
    assert_denied("errand_scheduler", "log_chunks");
}

TEST_MAIN(cmocka_unit_test(test_migrate_apply__one_of_many_does_the_work),
          cmocka_unit_test(test_roles__scheduler_sees_no_secrets),
          cmocka_unit_test(test_migrate_apply__refuses_a_newer_database))
