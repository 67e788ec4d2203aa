/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "shim/run_cycle.h"

/* Every pair, one character each: '.' nothing, else the phase it leads to. Columns in the order of
 * enum run_event: ready given started ended timer stop kill lease shutdown give-up. */
static const char *const expected[RUN_PHASE_COUNT] = {
    [RUN_PHASE_WAITING] = "WI.DKKK.K.", [RUN_PHASE_STARTING] = "..RDKKKKK.",
    [RUN_PHASE_RUNNING] = "...DSSKKS.", [RUN_PHASE_STOPPING] = "...DK.KK..",
    [RUN_PHASE_KILLING] = "...DK....D", [RUN_PHASE_DONE] = "..........",
};

static void test_run_cycle__every_pair_of_phase_and_event(void **state)
{
    (void)state;
    static const char letters[RUN_PHASE_COUNT] = "WIRSKD";
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        for (int event = 0; event < RUN_EVENT_COUNT; event++) {
            const struct run_cycle_row *row =
                run_cycle_find((enum run_phase)phase, (enum run_event)event);
            char found = row == NULL ? '.' : letters[row->to];
            if (found != expected[phase][event])
                fail_msg("phase %d event %d leads to '%c'", phase, event, found);
        }
    }
}

static void test_run_cycle__whatever_ends_a_run_from_outside_has_a_reason(void **state)
{
    (void)state;
    static const struct {
        enum run_phase from;
        enum run_event event;
        enum termination_reason reason;
    } cases[] = {
        {RUN_PHASE_STARTING, RUN_EVENT_TIMER, TERMINATION_START_FAILED},
        {RUN_PHASE_STARTING, RUN_EVENT_STOP, TERMINATION_CANCELED},
        {RUN_PHASE_RUNNING, RUN_EVENT_TIMER, TERMINATION_TIMEOUT},
        {RUN_PHASE_RUNNING, RUN_EVENT_STOP, TERMINATION_CANCELED},
        {RUN_PHASE_RUNNING, RUN_EVENT_KILL, TERMINATION_CANCELED},
        {RUN_PHASE_STARTING, RUN_EVENT_LEASE, TERMINATION_HYPERVISOR_LOST},
        {RUN_PHASE_RUNNING, RUN_EVENT_LEASE, TERMINATION_HYPERVISOR_LOST},
        {RUN_PHASE_RUNNING, RUN_EVENT_SHUTDOWN, TERMINATION_INTERNAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(run_cycle_find(cases[i].from, cases[i].event)->reason, cases[i].reason);
}

TEST_MAIN(cmocka_unit_test(test_run_cycle__every_pair_of_phase_and_event),
          cmocka_unit_test(test_run_cycle__whatever_ends_a_run_from_outside_has_a_reason))
