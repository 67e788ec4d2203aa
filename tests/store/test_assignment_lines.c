/* SPDX-License-Identifier: Apache-2.0
 *
 * What an assignment stream says after each look at the database.
 */
#include <string.h>

#include "agents/assignment_lines.h"

#include "fixture.h"

static struct db *db;
static struct key_ring *ring;
static struct id hypervisor;
static struct assignment_lines lines;
static char failure[ERR_MESSAGE_BYTES + ID_TEXT_BYTES];

static int open_db(void **state)
{
    (void)state;
    struct err e;
    db = test_database_migrated();
    ASSERT_OK(secret_init(&e), e);
    ring = key_ring_new_for_test("k1");
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    key_ring_free(ring);
    db_close(db);
    return 0;
}

static int connect_stream(void **state)
{
    (void)state;
    hypervisor = fixture_hypervisor(db);
    lines = (struct assignment_lines){0};
    failure[0] = '\0';
    return 0;
}

static int disconnect_stream(void **state)
{
    (void)state;
    assignment_lines_done(&lines);
    return 0;
}

static void note_failure(void *user, const struct live_run *run, const struct err *why)
{
    (void)user;
    (void)snprintf(failure, sizeof(failure), "%s %s", ID_TEXT(run->run), why->msg);
}

/* The types of the lines that a look brings, and whether each is about `run`. */
static void assert_told(struct id run, const char *expected)
{
    char told[256] = "";
    struct buf b;
    struct params p;
    buf_init(&b, 1 << 20);
    assignment_store_live_params(&p, hypervisor);
    struct rows *rows = fixture_run(db, &assignment_store_live, &p);
    assert_false(assignment_lines_put(&lines, &b, rows, ring, note_failure, NULL));
    rows_free(rows);

    for (const char *line = buf_text(&b); *line != '\0'; line = strchr(line, '\n') + 1) {
        char type[16] = "";
        static const char opening[] = "{\"type\":\"";
        assert_memory_equal(line, opening, sizeof(opening) - 1);
        const char *at = line + sizeof(opening) - 1;
        memcpy(type, at, strcspn(at, "\""));
        const char *about = strstr(line, ID_TEXT(run));
        bool is_about = about != NULL && about < strchr(line, '\n');
        size_t n = strlen(told);
        (void)snprintf(told + n, sizeof(told) - n, "%s%s%s", n > 0 ? " " : "", type,
                       is_about ? "!" : "");
    }
    assert_string_equal(told, expected);
    buf_done(&b);
}

static void set_run(struct id run, const char *assignments)
{
    fixture_script(db, "UPDATE runs SET %s WHERE id = '%s'", assignments, ID_TEXT(run));
}

static void test_put__says_each_thing_once(void **state)
{
    (void)state;
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    assert_told(run, "sync! assign!");
    assert_told(run, "");
    set_run(run, "state = 'running'");
    assert_told(run, "");
    set_run(run, "stop_requested = true");
    assert_told(run, "stop!");
    assert_told(run, "");
    set_run(run, "state = 'canceled'");
    assert_told(run, "");
}

static void test_put__finds_what_is_new_among_what_was_told(void **state)
{
    (void)state;
    struct id early = id_new();
    struct id first = fixture_run_in(db, "assigned", hypervisor);
    (void)fixture_run_in(db, "running", hypervisor);
    assert_told(first, "sync! assign!");
    struct id last = fixture_run_in(db, "assigned", hypervisor);
    assert_told(last, "assign!");
    struct id before = fixture_run_in(db, "assigned", hypervisor);
    fixture_script(db, "UPDATE runs SET id = '%s' WHERE id = '%s'", ID_TEXT(early),
                   ID_TEXT(before));
    assert_told(early, "assign!");
    set_run(first, "stop_requested = true");
    assert_told(first, "stop!");
    assert_told(first, "");
}

static void test_put__says_another_attempt_again(void **state)
{
    (void)state;
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    assert_told(run, "sync! assign!");
    set_run(run, "attempt = 2");
    assert_told(run, "assign!");
    assert_told(run, "");
}

/* So that somebody has it, who then reports its end. */
static void test_put__hands_over_what_is_to_stop(void **state)
{
    (void)state;
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    set_run(run, "stop_requested = true");
    assert_told(run, "sync! assign! stop!");
    assert_told(run, "");
}

static void test_put__goes_on_after_a_run_that_cannot_be_handed_over(void **state)
{
    (void)state;
    struct id broken = fixture_run_in(db, "assigned", hypervisor);
    struct id run = fixture_run_in(db, "assigned", hypervisor);
    fixture_script(db, "INSERT INTO run_env VALUES ('%s', 'KEY', '%s', '\\x0000')", ID_TEXT(broken),
                   ID_TEXT(broken));
    assert_told(run, "sync! assign!");
    assert_memory_equal(failure, ID_TEXT(broken), ID_TEXT_BYTES - 1);
    assert_non_null(strstr(failure, "environment variable KEY"));
    failure[0] = '\0';
    assert_told(run, "");
    assert_string_equal(failure, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, connect_stream, disconnect_stream)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_put__says_each_thing_once),
        TEST(test_put__finds_what_is_new_among_what_was_told),
        TEST(test_put__says_another_attempt_again),
        TEST(test_put__hands_over_what_is_to_stop),
        TEST(test_put__goes_on_after_a_run_that_cannot_be_handed_over),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
