/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "model/run_state.h"
#include "support/test.h"

#define NONE RUN_STATE_COUNT

/* The whole life of a run, written down a second time on purpose: every pair of state and event. */
static const enum run_state expected[RUN_STATE_COUNT][RUN_EVENT_COUNT] = {
    /* assign, requeue, retry, start, succeed, fail, cancel */
    [RUN_PENDING] = {RUN_ASSIGNED, NONE, NONE, NONE, NONE, RUN_FAILED, RUN_CANCELED},
    [RUN_ASSIGNED] = {NONE, RUN_PENDING, RUN_PENDING, RUN_RUNNING, RUN_SUCCEEDED, RUN_FAILED,
                      RUN_CANCELED},
    [RUN_RUNNING] = {NONE, NONE, RUN_PENDING, NONE, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELED},
    [RUN_SUCCEEDED] = {NONE, NONE, NONE, NONE, NONE, NONE, NONE},
    [RUN_FAILED] = {NONE, NONE, NONE, NONE, NONE, NONE, NONE},
    [RUN_CANCELED] = {NONE, NONE, NONE, NONE, NONE, NONE, NONE},
};

static void test_run_state_next__every_pair(void **state)
{
    (void)state;
    for (enum run_state from = 0; from < RUN_STATE_COUNT; from++) {
        for (enum run_event event = 0; event < RUN_EVENT_COUNT; event++) {
            struct err e = {0};
            enum run_state to = NONE;
            int r = run_state_next(from, event, &to, &e);
            assert_int_equal(to, expected[from][event]);
            assert_int_equal(r, to == NONE ? ERR_CONFLICT : 0);
        }
    }
}

static void test_run_state__nothing_leaves_a_final_state(void **state)
{
    (void)state;
    for (enum run_state from = 0; from < RUN_STATE_COUNT; from++) {
        bool leaves = false;
        for (enum run_event event = 0; event < RUN_EVENT_COUNT; event++)
            leaves |= expected[from][event] != NONE;
        assert_int_equal(run_state_is_final(from), !leaves);
    }
}

static void test_run_state_parse__round_trips(void **state)
{
    (void)state;
    struct err e = {0};
    for (enum run_state s = 0; s < RUN_STATE_COUNT; s++) {
        enum run_state back = NONE;
        ASSERT_OK(run_state_parse(run_state_name(s), &back, &e), e);
        assert_int_equal(back, s);
    }
    enum run_state untouched = RUN_FAILED;
    assert_int_equal(run_state_parse("paused", &untouched, &e), ERR_INVALID);
    assert_int_equal(untouched, RUN_FAILED);
    assert_string_equal(run_state_public_name(RUN_ASSIGNED), "pending");
}

#define TABLE_BEGINS "<!-- the table of common/model/run_state.c -->\n"
#define TABLE_ENDS "<!-- end -->\n"

static void put_table(struct buf *b)
{
    size_t n;
    const struct run_state_rule *rules = run_state_rules(&n);
    buf_add_text(b, "| from | event | to | who, when |\n|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "| %s | %s | %s | %s |\n", run_state_name(rules[i].from),
                   run_event_name(rules[i].event), run_state_name(rules[i].to), rules[i].cause);
}

/* UPDATE_DOCS=1 writes the table into the page instead. */
static void test_run_state_rules__are_what_the_documentation_shows(void **state)
{
    (void)state;
    struct err e = {0};
    CLEANUP(buf_done) struct buf page;
    CLEANUP(buf_done) struct buf wanted;
    buf_init(&page, 1 << 20);
    buf_init(&wanted, 1 << 20);
    ASSERT_OK(file_read(STATES_PAGE, &page, &e), e);

    char *table = strstr(buf_text(&page), TABLE_BEGINS);
    assert_non_null(table);
    table += strlen(TABLE_BEGINS);
    char *end = strstr(table, TABLE_ENDS);
    assert_non_null(end);
    buf_add(&wanted, page.data, (size_t)(table - page.data));
    put_table(&wanted);
    buf_add_text(&wanted, end);
    if (getenv("UPDATE_DOCS") != NULL)
        ASSERT_OK(file_replace(STATES_PAGE, wanted.data, wanted.len, 0644, &e), e);
    else
        assert_string_equal(buf_text(&page), buf_text(&wanted));
}

TEST_MAIN(cmocka_unit_test(test_run_state_rules__are_what_the_documentation_shows),
          cmocka_unit_test(test_run_state_next__every_pair),
          cmocka_unit_test(test_run_state__nothing_leaves_a_final_state),
          cmocka_unit_test(test_run_state_parse__round_trips))
