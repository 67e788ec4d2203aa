/* SPDX-License-Identifier: Apache-2.0 */
#include "model/run.h"

#include "support/test.h"

#define S INT64_C(1000000)

static void test_cost__every_begun_second_counts(void **state)
{
    (void)state;
    static const struct {
        int64_t started_us, completed_us, price_nano, cost_nano;
    } cases[] = {
        {0, 0, 1000, 0},                     /* never started */
        {10 * S, 0, 1000, 0},                /* still runs */
        {0, 10 * S, 1000, 0},                /* canceled while it waited */
        {10 * S, 10 * S, 1000, 0},           /* took no time */
        {10 * S, 10 * S + 999, 1000, 0},     /* less than a millisecond */
        {10 * S, 10 * S + 1000, 1000, 1000}, /* a millisecond begins a second */
        {10 * S, 11 * S, 1000, 1000},
        {10 * S, 11 * S + 1000, 1000, 2000},
        {10 * S, 12 * S, 16000, 32000},
        {10 * S, 9 * S, 1000, 0}, /* clocks of two machines */
        {10 * S, 20 * S, INT64_MAX / 2, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run = {
            .started_at_us = cases[i].started_us,
            .completed_at_us = cases[i].completed_us,
            .price_second_nano = cases[i].price_nano,
        };
        if (run_cost_nano(&run) != cases[i].cost_nano)
            fail_msg("case %zu", i);
    }
}

static void test_durations__are_unknown_until_both_ends_are(void **state)
{
    (void)state;
    struct run run = {.created_at_us = 5 * S};
    assert_int_equal(run_queued_ms(&run), RUN_UNKNOWN);
    assert_int_equal(run_duration_ms(&run), RUN_UNKNOWN);
    run.assigned_at_us = 5 * S + 2500;
    run.started_at_us = 6 * S;
    assert_int_equal(run_queued_ms(&run), 2);
    assert_int_equal(run_duration_ms(&run), RUN_UNKNOWN);
    run.completed_at_us = 8 * S;
    assert_int_equal(run_duration_ms(&run), 2000);
}

TEST_MAIN(cmocka_unit_test(test_cost__every_begun_second_counts),
          cmocka_unit_test(test_durations__are_unknown_until_both_ends_are))
