/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/db.h"
#include "support/test_database.h"

static struct rows *run(struct db *db, const struct statement *statement, struct params *p)
{
    struct rows *rows = NULL;
    struct err e = {0};
    ASSERT_OK(db_run(db, statement, p, &rows, &e), e);
    if (p != NULL)
        params_done(p);
    return rows;
}

static void test_db_run__every_kind_of_value_comes_back(void **state)
{
    static const struct statement echo = {
        .name = "echo",
        .sql = "SELECT $1::uuid, $2::bigint, $3::int, $4::smallint, $5::bool, $6::timestamptz,"
               " $7::text, $8::bytea, $9::text[], $10::text, $11::text[]"};
    static const char *const words[] = {"a b", "", "quote ' \" \\ {},", "\xc3\xa9"};
    static const unsigned char bytes[] = {0, 1, 0xff, 0};

    (void)state;
    struct db *db = test_database_open();
    struct id id = id_new();
    struct params p;
    params_init(&p, 4096);
    params_add_id(&p, id);
    params_add_i64(&p, INT64_MIN);
    params_add_i64(&p, -7);
    params_add_i64(&p, 300);
    params_add_bool(&p, true);
    params_add_time(&p, INT64_C(1767322983456789));
    params_add_text(&p, "it's text");
    params_add_bytes(&p, bytes, sizeof(bytes));
    params_add_text_array(&p, words, 4);
    params_add_null(&p);
    params_add_text_array(&p, NULL, 0);
    struct rows *rows = run(db, &echo, &p);

    assert_int_equal(rows_count(rows), 1);
    assert_true(id_equal(row_id(rows, 0, 0), id));
    assert_true(row_i64(rows, 0, 1, 0) == INT64_MIN);
    assert_int_equal(row_i64(rows, 0, 2, 0), -7);
    assert_int_equal(row_i64(rows, 0, 3, 0), 300);
    assert_true(row_bool(rows, 0, 4));
    assert_true(row_time_us(rows, 0, 5) == INT64_C(1767322983456789));
    assert_string_equal(row_text(rows, 0, 6), "it's text");
    size_t n;
    assert_memory_equal(row_bytes(rows, 0, 7, &n), bytes, sizeof(bytes));
    assert_int_equal(n, sizeof(bytes));
    char **items = row_text_array(rows, 0, 8, &n);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(items[i], words[i]);
    free(items);
    assert_null(row_text(rows, 0, 9));
    assert_int_equal(row_i64(rows, 0, 9, -1), -1);
    assert_null(row_text_array(rows, 0, 10, &n));
    assert_int_equal(n, 0);
    rows_free(rows);
    db_close(db);
}

static void test_db_run__errors_have_codes(void **state)
{
    static const struct statement twice = {.name = "twice",
                                           .sql = "INSERT INTO t VALUES ($1::int)"};
    static const struct statement bad_id = {.name = "bad_id", .sql = "SELECT $1::uuid"};

    (void)state;
    struct db *db = test_database_open();
    struct err e = {0};
    ASSERT_OK(db_run_script(db, "CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1)", &e),
              e);

    struct params p;
    params_init(&p, 64);
    params_add_i64(&p, 1);
    assert_int_equal(db_run(db, &twice, &p, NULL, &e), ERR_CONFLICT);
    params_done(&p);
    params_init(&p, 64);
    params_add_text(&p, "no uuid");
    assert_int_equal(db_run(db, &bad_id, &p, NULL, &e), ERR_INVALID);
    params_done(&p);

    /* the session is still good */
    params_init(&p, 64);
    params_add_i64(&p, 2);
    ASSERT_OK(db_run(db, &twice, &p, NULL, &e), e);
    params_done(&p);
    db_close(db);
}

static void note_payload(void *user, const char *channel, const char *payload)
{
    (void)channel;
    (void)snprintf(user, 16, "%s", payload);
}

static void take_notice(struct db *db, char *payload)
{
    struct err e;
    for (int i = 0; i < 1000 && payload[0] == '\0'; i++) {
        struct pollfd fd = {.fd = db_fd(db), .events = POLLIN};
        ASSERT_OK(db_take_notices(db, note_payload, payload, &e), e);
        if (payload[0] == '\0')
            (void)poll(&fd, 1, 10);
    }
}

static int run_with_notice(struct db *db, const struct statement *first, int64_t number,
                           const char *payload, struct rows **ret_rows, struct err *e)
{
    static const struct statement tell = {.name = "tell", .sql = "SELECT pg_notify('second', $1)"};
    CLEANUP(params_done) struct params p;
    CLEANUP(params_done) struct params second;
    params_init(&p, 64);
    params_add_i64(&p, number);
    params_init(&second, 64);
    params_add_text(&second, payload);
    return db_run_with(db, first, &p, &tell, &second, ret_rows, e);
}

static void test_db_run_with__second_is_run_whatever_the_first_says(void **state)
{
    static const struct statement divide = {.name = "divide", .sql = "SELECT 12 / $1::bigint"};
    struct err e;
    char payload[16] = "";
    (void)state;
    struct db *db = test_database_open();
    ASSERT_OK(db_listen(db, "second", &e), e);
    CLEANUP(rows_freep) struct rows *rows = NULL;
    ASSERT_OK(run_with_notice(db, &divide, 4, "one", &rows, &e), e);
    assert_int_equal(row_i64(rows, 0, 0, 0), 3);
    take_notice(db, payload);
    assert_string_equal(payload, "one");

    payload[0] = '\0';
    assert_int_equal(run_with_notice(db, &divide, 0, "two", NULL, &e), ERR_INTERNAL);
    assert_non_null(strstr(e.msg, "zero"));
    take_notice(db, payload);
    assert_string_equal(payload, "two");

    static const struct statement one = {.name = "one", .sql = "SELECT 1::bigint"};
    struct rows *after = run(db, &one, NULL);
    assert_int_equal(row_i64(after, 0, 0, 0), 1);
    rows_free(after);
    db_close(db);
}

static void test_db_run__values_over_the_ceiling_are_refused(void **state)
{
    static const struct statement echo = {.name = "echo_text", .sql = "SELECT $1::text"};

    (void)state;
    struct db *db = test_database_open();
    struct err e = {0};
    struct params p;
    params_init(&p, 8);
    params_add_text(&p, "longer than eight bytes");
    assert_int_equal(db_run(db, &echo, &p, NULL, &e), ERR_LIMIT);
    params_done(&p);
    db_close(db);
}

static void test_db_run__lost_session_is_uncertain_then_unavailable(void **state)
{
    static const struct statement suicide = {
        .name = "suicide", .sql = "SELECT pg_terminate_backend(pg_backend_pid())"};

    (void)state;
    struct db *db = test_database_open();
    struct err e = {0};
    int r = db_run(db, &suicide, NULL, NULL, &e);
    assert_true(r == ERR_UNCERTAIN || r == ERR_UNAVAILABLE);
    assert_int_equal(db_run(db, &suicide, NULL, NULL, &e), ERR_UNAVAILABLE);
    db_close(db);
}

static void test_db_open__says_why_not(void **state)
{
    (void)state;
    struct db *db = NULL;
    struct err e = {0};
    assert_int_equal(db_open("host=/nonexistent dbname=x", "test", &db, &e), ERR_UNAVAILABLE);
    assert_null(db);
    assert_non_null(strstr(e.msg, "/nonexistent"));
}

static void remember(void *user, const char *channel, const char *payload)
{
    assert_string_equal(channel, "errand_test");
    (void)snprintf(user, 32, "%s", payload);
}

static void test_db_notify__reaches_a_listener(void **state)
{
    (void)state;
    struct db *listener = test_database_open();
    struct db *sender = test_database_open();
    struct err e = {0};
    char heard[32] = "";
    ASSERT_OK(db_listen(listener, "errand_test", &e), e);
    ASSERT_OK(db_notify(sender, "errand_test", "hello", &e), e);
    while (heard[0] == '\0')
        ASSERT_OK(db_take_notices(listener, remember, heard, &e), e);
    assert_string_equal(heard, "hello");
    db_close(sender);
    db_close(listener);
}

TEST_MAIN(cmocka_unit_test(test_db_run__every_kind_of_value_comes_back),
          cmocka_unit_test(test_db_run__errors_have_codes),
          cmocka_unit_test(test_db_run_with__second_is_run_whatever_the_first_says),
          cmocka_unit_test(test_db_run__values_over_the_ceiling_are_refused),
          cmocka_unit_test(test_db_run__lost_session_is_uncertain_then_unavailable),
          cmocka_unit_test(test_db_open__says_why_not),
          cmocka_unit_test(test_db_notify__reaches_a_listener))
