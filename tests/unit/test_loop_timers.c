/* SPDX-License-Identifier: Apache-2.0 */
#include "loop_timers.h"

#include "base/defer.h"

#include "support/test.h"

#define WAIT_MS 20
#define HOUR_MS (UINT64_C(3600) * 1000)

static int fired;

static void on_due(h2o_timeout_entry_t *entry)
{
    (void)entry;
    fired++;
}

/* Two timers that were set an hour ahead of the clock, as they are once it is set back by one. */
static void test_loop_timers_mend__a_clock_that_is_set_back_holds_no_timer_up(void **state)
{
    (void)state;
    h2o_loop_t *loop = h2o_evloop_create();
    h2o_timeout_t timeout;
    h2o_timeout_entry_t entries[] = {{.cb = on_due}, {.cb = on_due}};
    uint64_t seen_ms = h2o_now(loop) + HOUR_MS;
    fired = 0;
    h2o_timeout_init(loop, &timeout, WAIT_MS);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        h2o_timeout_link(loop, &timeout, &entries[i]);
        entries[i].registered_at += HOUR_MS;
    }

    for (int turn = 0; turn < 100 && fired < 2; turn++) {
        (void)h2o_evloop_run(loop, WAIT_MS);
        loop_timers_mend(loop, &seen_ms);
    }
    assert_int_equal(fired, 2);
    h2o_timeout_dispose(loop, &timeout);
    h2o_evloop_destroy(loop);
}

static void test_loop_timers_mend__leaves_timers_alone_while_time_goes_on(void **state)
{
    (void)state;
    h2o_loop_t *loop = h2o_evloop_create();
    h2o_timeout_t timeout;
    h2o_timeout_entry_t entry = {.cb = on_due};
    uint64_t seen_ms = 0;
    h2o_timeout_init(loop, &timeout, WAIT_MS);
    h2o_timeout_link(loop, &timeout, &entry);
    uint64_t registered_at = entry.registered_at;

    loop_timers_mend(loop, &seen_ms);
    assert_int_equal(seen_ms, h2o_now(loop));
    loop_timers_mend(loop, &seen_ms);
    assert_int_equal(entry.registered_at, registered_at);
    h2o_timeout_unlink(&entry);
    h2o_timeout_dispose(loop, &timeout);
    h2o_evloop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_timers_mend__a_clock_that_is_set_back_holds_no_timer_up),
        cmocka_unit_test(test_loop_timers_mend__leaves_timers_alone_while_time_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
