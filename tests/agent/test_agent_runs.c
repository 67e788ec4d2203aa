/* SPDX-License-Identifier: Apache-2.0
 *
 * The real errand-agent with real shims, a real runtime and a real registry, against an API that
 * cuts connections, swallows answers and refuses.
 */
#include "agent/agent_world.h"

#include "base/clock.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static void test_run__its_output_end_and_nothing_left(void **state)
{
    struct world *w = *state;
    struct assignment a =
        run_of(w, "echo \"$SECRET $IMAGE $PATH\"; pwd; echo oops >&2; sleep 0.2; exit 7");
    struct fake_event started;
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    fake_api_assign(w->api, &a);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB - MEM_RUN_MB);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    assert_string_equal(started.image_digest, world_image_digest);
    assert_finished(w, a.run_id, "exited", 7);
    CLEANUP(freep) char *log = fake_api_log(w->api, a.run_id);
    assert_non_null(strstr(log, "1:*** run /bin\n"));
    assert_non_null(strstr(log, "1:/root\n"));
    assert_non_null(strstr(log, "2:oops\n"));
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    wait_run_dirs_gone(w);
}

static void test_run__argv_arrives_untouched(void **state)
{
    static const char *const argv[] = {"printf", "[%s]\n", "a b", "\"q\" 'r' $X \\", "", "ü"};
    struct world *w = *state;
    struct assignment a = run_of(w, NULL);
    a.argv = argv;
    a.argc = ARRAY_LEN(argv);
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log(w, a.run_id, "1:[a b]\n1:[\"q\" 'r' $X \\]\n1:[]\n1:[ü]\n");
}

static void test_run__failures_have_their_reasons(void **state)
{
    struct world *w = *state;
    struct assignment missing = run_of(w, "true");
    struct assignment never = run_of(w, "true");
    struct assignment unsealed = run_of(w, "true");
    struct assignment unknown = run_of(w, NULL);
    struct assignment slow = run_of(w, "sleep 30");
    static const char *const argv[] = {"/no/such/program"};
    CLEANUP(freep) char *other = text_of("127.0.0.1:%d/absent:1", world_registry.port);
    missing.image = other;
    never.image = other;
    never.pull_policy = "never";
    unsealed.env_sealed = "AAAA";
    unknown.argv = argv;
    unknown.argc = 1;
    slow.timeout_seconds = 1;
    fake_api_assign(w->api, &missing);
    fake_api_assign(w->api, &never);
    fake_api_assign(w->api, &unsealed);
    fake_api_assign(w->api, &unknown);
    fake_api_assign(w->api, &slow);
    assert_finished(w, missing.run_id, "image_not_found", -1);
    assert_finished(w, never.run_id, "image_not_found", -1);
    assert_finished(w, unsealed.run_id, "internal", -1);
    assert_finished(w, unknown.run_id, "invalid_command", 127);
    assert_finished(w, slow.run_id, "timeout", 124);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    wait_run_dirs_gone(w);
}

static void test_assign__twice_runs_once(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "echo once; sleep 0.5");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_repeat(w->api, &a);
    fake_api_assign(w->api, &a);
    fake_api_assign(w->api, &a);
    fake_api_cut_stream(w->api);
    (void)fake_api_wait_connected(w->api, 2);
    assert_finished(w, a.run_id, "exited", 0);
    wait_run_dirs_gone(w);

    /* Even after it is over and forgotten. */
    fake_api_assign(w->api, &a);
    struct assignment next = run_of(w, "echo next");
    fake_api_assign(w->api, &next);
    assert_finished(w, next.run_id, "exited", 0);
    wait_run_dirs_gone(w);
    assert_log(w, a.run_id, "1:once\n");
    assert_int_equal(fake_api_count_events(w->api, AGENT_EVENT_FINISHED, a.run_id), 1);
}

static void test_reports__unanswered_ones_come_again(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "echo hello");
    fake_api_swallow_events(w->api, 4);
    fake_api_drop_logs(w->api, 2);
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    wait_run_dirs_gone(w);
    assert_log(w, a.run_id, "1:hello\n");
}

static void test_logs__cut_connections_lose_and_repeat_nothing(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "seq 1 30000; sleep 0.3; seq 30001 60000");
    fake_api_drop_logs(w->api, 2);
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    fake_api_swallow_logs(w->api, 2);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log_counts(w, a.run_id, 60000);
    wait_run_dirs_gone(w);
}

static void test_logs__a_loud_run_does_not_hold_up_a_quiet_one(void **state)
{
    struct world *w = *state;
    struct assignment loud = run_of(w, "yes loud | head -n 2000000");
    struct assignment quiet = run_of(w, "sleep 0.3; echo quiet");
    struct fake_event end;
    fake_api_assign(w->api, &loud);
    fake_api_wait_lines(w->api, loud.run_id, 1);
    fake_api_assign(w->api, &quiet);
    fake_api_wait_lines(w->api, quiet.run_id, 1);
    fake_api_order_stop(w->api, loud.run_id, 1);
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, loud.run_id, &end);
    fake_api_wait_lines(w->api, loud.run_id, (uint64_t)end.event.finished.last_line);
    wait_run_dirs_gone(w);
}

static void test_conflict__kills_the_run_and_forgets_it(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "echo here; sleep 1000");
    fake_api_refuse(w->api, a.run_id, 1);
    fake_api_assign(w->api, &a);
    /* not by its memory: a heartbeat may be overtaken by the next */
    CLEANUP(freep) char *gone = text_of("run.gone run=%s", ID_TEXT(a.run_id));
    wait_agent_log(w, gone);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    wait_run_dirs_gone(w);
    assert_int_equal(fake_api_count_events(w->api, AGENT_EVENT_FINISHED, a.run_id), 0);
}

static void test_sync__runs_not_listed_are_killed(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a = run_of(w, "sleep 1000");
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    fake_api_cut_stream(w->api);
    (void)fake_api_wait_connected(w->api, 2);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB);
    wait_run_dirs_gone(w);
}

static void test_sync__listed_runs_without_a_trace_are_reported(void **state)
{
    struct world *w = *state;
    struct id lost = id_new();
    fake_api_list(w->api, lost, 1);
    fake_api_cut_stream(w->api);
    (void)fake_api_wait_connected(w->api, 2);
    fake_api_ping(w->api);
    assert_finished(w, lost, "internal", -1);
}

static void test_stop__ends_the_run_as_canceled(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a = run_of(w, "trap 'echo bye; exit 3' TERM; echo up; sleep 1000 & wait");
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    fake_api_wait_lines(w->api, a.run_id, 1);
    fake_api_order_stop(w->api, a.run_id, 1);
    assert_finished(w, a.run_id, "canceled", 3);
    assert_log(w, a.run_id, "1:up\n1:bye\n");
}

static void test_adopt__a_run_goes_on_after_kill_9_of_the_agent(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a =
        run_of(w, "seq 1 5000; sleep 1; seq 5001 10000; sleep 1; seq 10001 20000; exit 9");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    assert_int_equal(agent_stop(w, SIGKILL), 128 + SIGKILL);
    agent_start(w);
    (void)fake_api_wait_connected(w->api, 2);
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB - MEM_RUN_MB);
    assert_finished(w, a.run_id, "exited", 9);
    assert_log_counts(w, a.run_id, 20000);
    wait_run_dirs_gone(w);
    assert_int_equal(fake_api_registrations(w->api), 1);
}

static void test_adopt__what_ended_without_an_agent_is_reported(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a = run_of(w, "sleep 0.5; seq 1 1000; exit 5");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    (void)agent_stop(w, SIGKILL);
    sleep_ms(1500);
    agent_start(w);
    assert_finished(w, a.run_id, "exited", 5);
    assert_log_counts(w, a.run_id, 1000);
    wait_run_dirs_gone(w);
}

static void test_shim__killed_ends_the_run_with_a_reason(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a = run_of(w, "echo up; sleep 1000");
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    fake_api_wait_lines(w->api, a.run_id, 1);
    pid_t pid = shim_pid(w, a.run_id);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_finished(w, a.run_id, "internal", -1);
    wait_run_dirs_gone(w);
}

static void test_usage__is_told_while_a_run_goes_on(void **state)
{
    struct world *w = *state;
    struct fake_event usage;
    struct assignment a = run_of(w, "while :; do :; done");
    a.timeout_seconds = 3;
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_USAGE, a.run_id, &usage);
    assert_true(usage.event.usage.cpu_ms > 0);
    assert_true(usage.event.usage.memory_bytes > 0);
    assert_int_equal(usage.event.usage.processes, 2);
    assert_finished(w, a.run_id, "timeout", 124);
    assert_in_range(fake_api_count_events(w->api, AGENT_EVENT_USAGE, a.run_id), 1, 4);
}

static void test_agent__stops_within_a_second_and_leaves_runs_alone(void **state)
{
    struct world *w = *state;
    struct fake_event started;
    struct assignment a = run_of(w, "echo up; sleep 2; echo down");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_assign(w->api, &a);
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, a.run_id, &started);
    int64_t before_us = clock_mono_us();
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    assert_true(clock_mono_us() - before_us < CLOCK_US_PER_S);
    agent_start(w);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log(w, a.run_id, "1:up\n1:down\n");
}

static void test_agent__keeps_its_secrets_private(void **state)
{
    struct world *w = *state;
    struct stat st;
    CLEANUP(freep) char *key = text_of("%s/data/key", w->dir);
    CLEANUP(freep) char *credential = text_of("%s/data/credential", w->dir);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(stat(credential, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_run__its_output_end_and_nothing_left),
        WORLD_TEST(test_run__argv_arrives_untouched),
        WORLD_TEST(test_run__failures_have_their_reasons),
        WORLD_TEST(test_assign__twice_runs_once),
        WORLD_TEST(test_reports__unanswered_ones_come_again),
        WORLD_TEST(test_logs__cut_connections_lose_and_repeat_nothing),
        WORLD_TEST(test_logs__a_loud_run_does_not_hold_up_a_quiet_one),
        WORLD_TEST(test_conflict__kills_the_run_and_forgets_it),
        WORLD_TEST(test_sync__runs_not_listed_are_killed),
        WORLD_TEST(test_sync__listed_runs_without_a_trace_are_reported),
        WORLD_TEST(test_stop__ends_the_run_as_canceled),
        WORLD_TEST(test_adopt__a_run_goes_on_after_kill_9_of_the_agent),
        WORLD_TEST(test_adopt__what_ended_without_an_agent_is_reported),
        WORLD_TEST(test_shim__killed_ends_the_run_with_a_reason),
        WORLD_TEST(test_usage__is_told_while_a_run_goes_on),
        WORLD_TEST(test_agent__stops_within_a_second_and_leaves_runs_alone),
        WORLD_TEST(test_agent__keeps_its_secrets_private),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
