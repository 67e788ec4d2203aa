/* SPDX-License-Identifier: Apache-2.0
 *
 * A long numbered log while everything on its way is broken again and again. ERRAND_BREAK_LINES,
 * ERRAND_BREAK_AWAY_S and ERRAND_BREAK_SEED make it longer and other.
 */
#include "agent/agent_world.h"

#include "base/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LINES_DEFAULT 60000
#define AWAY_S_DEFAULT 1
#define SLICES 20

static unsigned seed;

static int number_of(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? (int)strtoul(text, NULL, 10) : otherwise;
}

static unsigned pick(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* A run that counts to `lines`, with a pause after each of SLICES. */
static struct assignment counting(const struct world *w, int lines, int pause_ms)
{
    static char script[256]; /* the assignment borrows it */
    (void)snprintf(script, sizeof(script),
                   "n=%d; for i in $(seq 0 %d); do seq $((i * n + 1)) $((i * n + n));"
                   " sleep 0.%03d; done",
                   lines / SLICES, SLICES - 1, pause_ms);
    return run_of(w, script);
}

static bool has_finished(struct world *w, struct id run)
{
    return fake_api_count_events(w->api, AGENT_EVENT_FINISHED, run) > 0;
}

static void break_something(struct world *w)
{
    switch (pick(4)) {
    case 0:
        (void)agent_stop(w, SIGKILL);
        sleep_ms(pick(300));
        agent_start(w);
        break;
    case 1:
        fake_api_swallow_logs(w->api, 1 + (int)pick(3));
        break;
    case 2:
        fake_api_drop_logs(w->api, 1 + (int)pick(3));
        break;
    case 3:
        fake_api_cut_stream(w->api);
        break;
    }
}

static void test_log__is_what_was_printed_whatever_is_killed_and_lost(void **state)
{
    struct world *w = *state;
    int lines = number_of("ERRAND_BREAK_LINES", LINES_DEFAULT) / SLICES * SLICES;
    seed = (unsigned)number_of("ERRAND_BREAK_SEED", (int)(clock_mono_us() % 100000));
    print_message("ERRAND_BREAK_SEED=%u\n", seed);
    struct assignment a = counting(w, lines, 200);
    fake_api_list(w->api, a.run_id, 1);
    fake_api_repeat(w->api, &a);
    fake_api_assign(w->api, &a);
    int breaks = 0;
    for (; !has_finished(w, a.run_id) && breaks < 200; breaks++) {
        sleep_ms(20 + pick(400));
        break_something(w);
    }
    fake_api_swallow_logs(w->api, 0);
    fake_api_drop_logs(w->api, 0);
    assert_true(breaks >= 5);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log_counts(w, a.run_id, lines);
    wait_run_dirs_gone(w);
}

/* Nothing that is sent arrives. The run ends, its memory is free, and the log catches up. */
static void test_log__catches_up_when_the_api_was_away(void **state)
{
    struct world *w = *state;
    int lines = number_of("ERRAND_BREAK_LINES", LINES_DEFAULT) / SLICES * SLICES;
    struct assignment a = counting(w, lines, 50);
    fake_api_drop_logs(w->api, 1 << 30);
    fake_api_assign(w->api, &a);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB - MEM_RUN_MB);
    struct fake_event finished;
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, a.run_id, &finished);
    assert_int_equal(finished.event.finished.last_line, lines);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    sleep_ms(1000L * number_of("ERRAND_BREAK_AWAY_S", AWAY_S_DEFAULT));
    CLEANUP(freep) char *nothing = fake_api_log(w->api, a.run_id);
    assert_string_equal(nothing, "");
    assert_false(run_dirs_are_gone(w));

    int64_t from_us = clock_mono_us();
    fake_api_drop_logs(w->api, 0);
    fake_api_wait_lines(w->api, a.run_id, (uint64_t)lines);
    assert_true(clock_mono_us() - from_us < 10 * CLOCK_US_PER_S);
    assert_log_counts(w, a.run_id, lines);
    wait_run_dirs_gone(w);
}

/* What the shim had written is the log; the run says what happened. */
static void test_log__of_a_killed_shim_is_whole_up_to_its_end(void **state)
{
    struct world *w = *state;
    struct assignment a = counting(w, LINES_DEFAULT, 100);
    struct fake_event finished;
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, LINES_DEFAULT / SLICES * 3);
    assert_int_equal(kill(shim_pid(w, a.run_id), SIGKILL), 0);
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, a.run_id, &finished);
    assert_string_equal(finished.reason, "internal");
    uint64_t last_line = (uint64_t)finished.event.finished.last_line;
    assert_true(last_line >= LINES_DEFAULT / SLICES * 3);
    fake_api_wait_lines(w->api, a.run_id, last_line);
    assert_log_counts(w, a.run_id, (int)last_line);
    wait_run_dirs_gone(w);
}

static void test_log__of_a_loud_run_does_not_hold_up_a_quiet_one(void **state)
{
    struct world *w = *state;
    struct assignment loud = run_of(w, "yes 'the same line again and again' | head -n 600000");
    struct assignment quiet = run_of(w, "for i in $(seq 1 10); do echo $i; sleep 0.1; done");
    fake_api_assign(w->api, &loud);
    fake_api_wait_lines(w->api, loud.run_id, 1);
    fake_api_assign(w->api, &quiet);
    assert_finished(w, quiet.run_id, "exited", 0);
    assert_log_counts(w, quiet.run_id, 10);
    assert_finished(w, loud.run_id, "exited", 0);
    wait_run_dirs_gone(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_log__is_what_was_printed_whatever_is_killed_and_lost),
        WORLD_TEST(test_log__catches_up_when_the_api_was_away),
        WORLD_TEST(test_log__of_a_killed_shim_is_whole_up_to_its_end),
        WORLD_TEST(test_log__of_a_loud_run_does_not_hold_up_a_quiet_one),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
