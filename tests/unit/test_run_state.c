/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/run_state.h"
#include "support/test.h"

#define NONE RUN_STATE_COUNT

/* The whole life of a run, written down a second time on purpose: every pair of state and event. */
static const enum run_state expected[RUN_STATE_COUNT][RUN_EVENT_COUNT] = {
    /* assign, requeue, start, succeed, fail, cancel */
    [RUN_PENDING] = {RUN_ASSIGNED, NONE, NONE, NONE, RUN_FAILED, RUN_CANCELED},
    [RUN_ASSIGNED] = {NONE, RUN_PENDING, RUN_RUNNING, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELED},
    [RUN_RUNNING] = {NONE, NONE, NONE, RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELED},
    [RUN_SUCCEEDED] = {NONE, NONE, NONE, NONE, NONE, NONE},
    [RUN_FAILED] = {NONE, NONE, NONE, NONE, NONE, NONE},
    [RUN_CANCELED] = {NONE, NONE, NONE, NONE, NONE, NONE},
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

TEST_MAIN(cmocka_unit_test(test_run_state_next__every_pair),
          cmocka_unit_test(test_run_state__nothing_leaves_a_final_state),
          cmocka_unit_test(test_run_state_parse__round_trips))
