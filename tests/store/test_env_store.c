/* SPDX-License-Identifier: Apache-2.0 */
#include "store/env_store.h"

#include "fixture.h"

#include <string.h>

#include "model/limits.h"

static struct db *db;
static struct rows *rows; /* of the latest statement */
static struct env_owner owner;

static int start(void **state)
{
    (void)state;
    db = test_database_migrated();
    struct id run = fixture_run_in(db, "failed", (struct id){0});
    const char *text = fixture_text(db, "SELECT runner_id FROM runs WHERE id = '%s'", ID_TEXT(run));
    owner.project = fixture_project();
    return id_parse(text, strlen(text), &owner.runner, NULL);
}

static int stop(void **state)
{
    (void)state;
    rows_free(rows);
    rows = NULL;
    db_close(db);
    return 0;
}

static int run(const struct statement *statement, struct params *p)
{
    rows_free(rows);
    rows = fixture_run(db, statement, p);
    return rows_count(rows);
}

static struct env_variable variable_of(const char *key, const char *blob)
{
    return (struct env_variable){
        .id = id_new(),
        .env_key = key,
        .blob = (const unsigned char *)blob,
        .blob_n = strlen(blob),
        .secret = true,
    };
}

static enum env_insertion insert(const struct env_variable *variable)
{
    struct params p;
    env_store_insert_params(&p, owner, variable);
    (void)run(&env_store_insert, &p);
    return env_store_insert_read(rows);
}

static int with_one(const struct statement *statement, struct id id)
{
    struct params p;
    env_store_one_params(&p, owner, id);
    return run(statement, &p);
}

static void assert_row(int row, const struct env_variable *expected)
{
    struct env_variable found;
    env_store_read(rows, row, &found);
    assert_true(id_equal(found.id, expected->id));
    assert_string_equal(found.env_key, expected->env_key);
    assert_int_equal(found.blob_n, expected->blob_n);
    assert_memory_equal(found.blob, expected->blob, expected->blob_n);
    assert_int_equal(found.secret, expected->secret);
    assert_true(found.created_at_us > 0);
}

static void test_insert__once_a_key(void **state)
{
    (void)state;
    struct env_variable first = variable_of("KEY", "blob");
    struct env_variable second = variable_of("KEY", "other");
    assert_int_equal(insert(&first), ENV_INSERTED);
    assert_row(0, &first);
    assert_int_equal(insert(&second), ENV_KEY_TAKEN);
    assert_int_equal(insert(&first), ENV_INSERTED); /* sent twice after a lost connection */
    assert_int_equal(with_one(&env_store_get, first.id), 1);
    assert_row(0, &first);
}

static void test_insert__needs_the_runner(void **state)
{
    (void)state;
    struct env_variable variable = variable_of("KEY", "blob");
    owner.project = id_new();
    assert_int_equal(insert(&variable), ENV_NO_RUNNER);
    owner.project = fixture_project();
    fixture_script(db, "UPDATE runners SET status = 'archived' WHERE id = '%s'",
                   ID_TEXT(owner.runner));
    assert_int_equal(insert(&variable), ENV_NO_RUNNER);
}

static void test_insert__up_to_the_limit(void **state)
{
    (void)state;
    fixture_script(db,
                   "INSERT INTO runner_env (id, runner_id, env_key, value, secret)"
                   " SELECT gen_random_uuid(), '%s', 'K' || i, '', true"
                   " FROM generate_series(1, %d) i",
                   ID_TEXT(owner.runner), LIMIT_ENV_VARIABLES - 1);
    struct env_variable last = variable_of("LAST", "");
    struct env_variable more = variable_of("MORE", "");
    assert_int_equal(insert(&last), ENV_INSERTED);
    assert_int_equal(insert(&more), ENV_TOO_MANY);
}

static void test_list__by_key_in_pages(void **state)
{
    (void)state;
    struct env_variable b = variable_of("b", "2");
    struct env_variable upper = variable_of("C", "1");
    struct env_variable a = variable_of("_a", "3");
    assert_int_equal(insert(&b), ENV_INSERTED);
    assert_int_equal(insert(&upper), ENV_INSERTED);
    assert_int_equal(insert(&a), ENV_INSERTED);

    struct params p;
    env_store_list_params(&p, owner, (struct page_window){.limit = 2});
    assert_int_equal(run(&env_store_list, &p), 2);
    assert_int_equal(page_rows_total(rows), 3);
    assert_row(0, &upper);
    assert_row(1, &a);
    env_store_list_params(&p, owner, (struct page_window){.limit = 2, .offset = 2});
    (void)run(&env_store_list, &p);
    assert_int_equal(page_rows_count(rows), 1);
    assert_row(0, &b);
    env_store_list_params(&p, owner, (struct page_window){.limit = 2, .offset = 4});
    (void)run(&env_store_list, &p);
    assert_int_equal(page_rows_count(rows), 0);

    owner.runner = id_new();
    env_store_list_params(&p, owner, (struct page_window){.limit = 2});
    assert_int_equal(run(&env_store_list, &p), 0);
}

static int update(const struct env_variable *variable, const char *old_blob)
{
    struct params p;
    env_store_update_params(&p, owner, variable, old_blob, strlen(old_blob));
    return run(&env_store_update, &p);
}

static void test_update__only_over_what_was_read(void **state)
{
    (void)state;
    struct env_variable variable = variable_of("KEY", "old");
    assert_int_equal(insert(&variable), ENV_INSERTED);
    variable.env_key = "OTHER";
    variable.blob = (const unsigned char *)"new";
    variable.secret = false;
    assert_int_equal(update(&variable, "stale"), 0);
    assert_int_equal(update(&variable, "old"), 1);
    assert_row(0, &variable);
}

static void test_update__to_a_taken_key_is_a_conflict(void **state)
{
    (void)state;
    struct env_variable one = variable_of("ONE", "old");
    struct env_variable two = variable_of("TWO", "blob");
    assert_int_equal(insert(&one), ENV_INSERTED);
    assert_int_equal(insert(&two), ENV_INSERTED);
    one.env_key = "TWO";
    struct params p;
    env_store_update_params(&p, owner, &one, "old", 3);
    struct err e;
    assert_int_equal(db_run(db, &env_store_update, &p, NULL, &e), ERR_CONFLICT);
    params_done(&p);
}

static void test_delete__once_and_only_of_its_runner(void **state)
{
    (void)state;
    struct env_variable variable = variable_of("KEY", "blob");
    assert_int_equal(insert(&variable), ENV_INSERTED);
    struct id runner = owner.runner;
    owner.runner = id_new();
    assert_int_equal(with_one(&env_store_get, variable.id), 0);
    assert_int_equal(with_one(&env_store_delete, variable.id), 0);
    owner.runner = runner;
    assert_int_equal(with_one(&env_store_delete, variable.id), 1);
    assert_int_equal(with_one(&env_store_delete, variable.id), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
TEST_MAIN(TEST(test_insert__once_a_key), TEST(test_insert__needs_the_runner),
          TEST(test_insert__up_to_the_limit), TEST(test_list__by_key_in_pages),
          TEST(test_update__only_over_what_was_read),
          TEST(test_update__to_a_taken_key_is_a_conflict),
          TEST(test_delete__once_and_only_of_its_runner))
