/* SPDX-License-Identifier: Apache-2.0
 *
 * The API keeps plans for as long as a session lives, so none may be one that was good while tables
 * were small: what is asked for most is looked up by index also where nothing is known of a table.
 */
#include "store/run_trigger_store.h"

#include "fixture.h"

#include "support/test.h"

/* Nobody knows how many there will be. */
#define MAKE_ARGUMENTS                                                                             \
    "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "   \
    "NULL, NULL, NULL, NULL"

#define MAKE_ONCE_ARGUMENTS MAKE_ARGUMENTS ", NULL, NULL"

static struct db *db;

static int open_database(void **state)
{
    (void)state;
    db = test_database_migrated();
    /* as api/db/db_pipe.c opens its sessions */
    fixture_script(db, "SET plan_cache_mode = force_generic_plan; SET jit = off;"
                       "SET enable_seqscan = off; SET enable_hashjoin = off;"
                       "SET enable_mergejoin = off");
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    db_close(db);
    return 0;
}

/* Neither scans nor hashes a table that grows. */
static void assert_looks_up(const struct statement *statement, const char *arguments)
{
    CLEANUP(buf_done) struct buf sql;
    struct err e;
    buf_init(&sql, 1 << 16);
    buf_printf(&sql,
               "CREATE TEMP TABLE IF NOT EXISTS plan_lines (line text); TRUNCATE plan_lines;"
               "PREPARE planned AS %s;"
               "DO $do$ DECLARE l text; BEGIN FOR l IN EXECUTE 'EXPLAIN EXECUTE planned(%s)' LOOP"
               " INSERT INTO plan_lines VALUES (l); END LOOP; END $do$; DEALLOCATE planned",
               statement->sql, arguments);
    ASSERT_OK(db_run_script(db, buf_text(&sql), &e), e);
    assert_string_equal(
        fixture_text(db, "SELECT coalesce(string_agg(line, E'\n'), '') FROM plan_lines WHERE"
                         " line ~ 'Seq Scan on|Hash Join|Merge Join|Bitmap Index Scan on runs'"),
        "");
    assert_string_not_equal(
        fixture_text(db, "SELECT count(*) FROM plan_lines WHERE line ~ 'Index Scan'"), "0");
}

static void test_plans__look_up_before_anything_is_known(void **state)
{
    (void)state;
    assert_looks_up(&run_store_get, "NULL, NULL, NULL");
    assert_looks_up(&run_trigger_store_make, MAKE_ARGUMENTS);
    assert_looks_up(&run_trigger_store_make_once, MAKE_ONCE_ARGUMENTS);
}

static void test_plans__look_up_in_tables_that_were_analysed_while_empty(void **state)
{
    (void)state;
    fixture_script(db, "ANALYZE");
    assert_looks_up(&run_store_get, "NULL, NULL, NULL");
    assert_looks_up(&run_trigger_store_make, MAKE_ARGUMENTS);
    assert_looks_up(&run_trigger_store_make_once, MAKE_ONCE_ARGUMENTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_database, close_database)
TEST_MAIN(TEST(test_plans__look_up_before_anything_is_known),
          TEST(test_plans__look_up_in_tables_that_were_analysed_while_empty))
