/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "shim/outcome.h"

/* What is told when we ended the run for `ended_for` (EXITED = we did not), the sandbox reports
 * `reported` and `code`, and the kernel killed `oom_kills` for memory. */
static const struct {
    enum termination_reason ended_for;
    enum termination_reason reported;
    int code;
    unsigned oom_kills;
    enum termination_reason told;
    int told_code;
} cases[] = {
    {TERMINATION_EXITED, TERMINATION_EXITED, 0, 0, TERMINATION_EXITED, 0},
    {TERMINATION_EXITED, TERMINATION_EXITED, 137, 0, TERMINATION_EXITED, 137},
    {TERMINATION_EXITED, TERMINATION_EXITED, 137, 1, TERMINATION_OOM_KILLED, 137},
    {TERMINATION_EXITED, TERMINATION_EXITED, 3, 1, TERMINATION_EXITED, 3},
    {TERMINATION_EXITED, TERMINATION_START_FAILED, -1, 0, TERMINATION_START_FAILED, -1},
    {TERMINATION_EXITED, TERMINATION_START_FAILED, -1, 1, TERMINATION_OOM_KILLED, -1},
    {TERMINATION_EXITED, TERMINATION_INVALID_COMMAND, 127, 0, TERMINATION_INVALID_COMMAND, 127},
    {TERMINATION_TIMEOUT, TERMINATION_EXITED, 0, 0, TERMINATION_TIMEOUT, 124},
    {TERMINATION_TIMEOUT, TERMINATION_EXITED, 137, 1, TERMINATION_TIMEOUT, 124},
    {TERMINATION_CANCELED, TERMINATION_EXITED, 7, 0, TERMINATION_CANCELED, 7},
    {TERMINATION_CANCELED, TERMINATION_START_FAILED, -1, 0, TERMINATION_CANCELED, -1},
    {TERMINATION_INTERNAL, TERMINATION_EXITED, 143, 0, TERMINATION_INTERNAL, 143},
};

static void test_outcome_of__every_meeting_of_reasons(void **state)
{
    (void)state;
    struct run_spec spec;
    run_spec_init(&spec);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sandbox_report report = {
            .state = SANDBOX_ENDED,
            .reason = cases[i].reported,
            .exit_code = cases[i].code,
        };
        struct exit_record record = outcome_of(&(struct outcome_facts){
            .spec = &spec,
            .reason = cases[i].ended_for,
            .report = &report,
            .use = {.oom_kills = cases[i].oom_kills},
        });
        if (record.reason != cases[i].told || record.exit_code != cases[i].told_code)
            fail_msg("case %zu: told %s %d", i, termination_reason_name(record.reason),
                     record.exit_code);
        assert_int_equal(record.oom_killed, cases[i].oom_kills > 0);
    }
}

static void test_outcome_of__a_sandbox_given_up_has_no_code(void **state)
{
    (void)state;
    struct run_spec spec;
    run_spec_init(&spec);
    struct sandbox_report report = {.state = SANDBOX_RUNNING, .exit_code = -1};
    struct exit_record record = outcome_of(&(struct outcome_facts){
        .spec = &spec, .reason = TERMINATION_CANCELED, .report = &report, .started_at_us = 5});
    assert_int_equal(record.reason, TERMINATION_CANCELED);
    assert_int_equal(record.exit_code, -1);
    assert_int_equal(record.started_at_us, 5);
}

TEST_MAIN(cmocka_unit_test(test_outcome_of__every_meeting_of_reasons),
          cmocka_unit_test(test_outcome_of__a_sandbox_given_up_has_no_code))
