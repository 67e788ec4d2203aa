/* SPDX-License-Identifier: Apache-2.0
 *
 * The real errand-agent with real shims, a real runtime and a real registry, against an API that
 * cuts connections, swallows answers and refuses.
 */
#include "support/test.h"

#include "agent/fake_api.h"
#include "agent/registry_fixture.h"
#include "base/clock.h"
#include "base/file.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define MEM_TOTAL_MB 512
#define MEM_RUN_MB 64
#define PATIENCE_MS 20000

static struct registry_fixture registry;
static char image_text[FIXTURE_PATH_BYTES];
static char image_digest[72];

struct world {
    struct fake_api *api;
    char dir[FIXTURE_PATH_BYTES];
    pid_t agent; /* 0 while it is down */
    char *sealed;
};

static char *text_of(const char *fmt, ...) PRINTF_LIKE(1, 2);

static char *text_of(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) >= 0);
    va_end(args);
    return text;
}

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void agent_start(struct world *w)
{
    CLEANUP(freep) char *program = text_of("%s/errand-agent", getenv("ERRAND_BIN_DIR"));
    CLEANUP(freep) char *url = text_of("--api_url=%s", fake_api_url(w->api));
    CLEANUP(freep) char *data = text_of("--data_dir=%s/data", w->dir);
    CLEANUP(freep) char *join = text_of("--join_token_file=%s/join", w->dir);
    CLEANUP(freep) char *memory = text_of("--mem_total_mb=%d", MEM_TOTAL_MB);
    CLEANUP(freep) char *log = text_of("%s/agent.log", w->dir);
    char level[] = "--log_level=debug";
    char bridge[] = "--network_bridge=none"; /* leaves the machine's network as it is */
    char *argv[] = {program, url, data, join, memory, level, bridge, NULL};
    w->agent = program_start(argv, -1, log);
}

/* Its exit status; 128 + n for a signal. */
static int agent_stop(struct world *w, int signal)
{
    int status = 0;
    if (w->agent == 0)
        return 0;
    assert_int_equal(kill(w->agent, signal), 0);
    assert_int_equal(waitpid(w->agent, &status, 0), w->agent);
    w->agent = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool run_dirs_are_gone(const struct world *w)
{
    CLEANUP(freep) char *path = text_of("%s/data/runs", w->dir);
    struct stat st;
    return stat(path, &st) < 0 || st.st_nlink == 2;
}

static void wait_run_dirs_gone(const struct world *w)
{
    for (int i = 0; i < PATIENCE_MS / 10 && !run_dirs_are_gone(w); i++)
        sleep_ms(10);
    assert_true(run_dirs_are_gone(w));
}

static int world_set_up(void **state)
{
    static struct world world;
    struct err e;
    world = (struct world){.dir = "/tmp/errand-agent-XXXXXX"};
    if (mkdtemp(world.dir) == NULL)
        return -1;
    world.api = fake_api_start();
    CLEANUP(freep) char *join = text_of("%s/join", world.dir);
    if (file_replace(join, FAKE_JOIN_TOKEN "\n", strlen(FAKE_JOIN_TOKEN) + 1, 0600, &e) < 0)
        return -1;
    agent_start(&world);
    (void)fake_api_wait_connected(world.api, 1);
    world.sealed = fake_api_seal(world.api, "{\"SECRET\":\"s3cr3t value\",\"IMAGE\":\"run\"}");
    *state = &world;
    return 0;
}

static int world_tear_down(void **state)
{
    struct world *w = *state;
    struct err e;
    /* Runs of a failed test: an agent that is told of none kills them all. */
    if (!run_dirs_are_gone(w)) {
        fake_api_list_nothing(w->api);
        (void)agent_stop(w, SIGKILL);
        agent_start(w);
        wait_run_dirs_gone(w);
    }
    int status = agent_stop(w, SIGTERM);
    fake_api_stop(w->api);
    free(w->sealed);
    CLEANUP(freep) char *log = text_of("%s/agent.log", w->dir);
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, 64 << 20);
    if (file_read(log, &text, &e) < 0 || strstr(buf_text(&text), "s3cr3t") != NULL ||
        strstr(buf_text(&text), "err_h_") != NULL || strstr(buf_text(&text), "err_j_") != NULL)
        return -1;
    return status == 0 ? dir_remove(w->dir, &e) : -1;
}

/* A run of `script` by the image's shell. */
static struct assignment run_of(const struct world *w, const char *script)
{
    return (struct assignment){.run_id = id_new(),
                               .attempt = 1,
                               .runner_id = id_new(),
                               .project_id = id_new(),
                               .image = image_text,
                               .command = script,
                               .env_sealed = w->sealed,
                               .timeout_seconds = 60,
                               .stop_grace_seconds = 5,
                               .stop_signal = "SIGTERM",
                               .pull_policy = "missing",
                               .pull_timeout_seconds = 30,
                               .memory_mb = MEM_RUN_MB,
                               .cpu_milli = 1000,
                               .pids_limit = 64,
                               .network = "none",
                               .log_limit_bytes = 1 << 30};
}

static void assert_finished(struct world *w, struct id run, const char *reason, int exit_code)
{
    struct fake_event event;
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, run, &event);
    if (strcmp(event.reason, reason) != 0)
        fail_msg("reason %s: %s", event.reason, event.message);
    assert_int_equal(event.event.finished.has_exit_code, exit_code >= 0);
    if (exit_code >= 0)
        assert_int_equal(event.event.finished.exit_code, exit_code);
    fake_api_wait_lines(w->api, run, (uint64_t)event.event.finished.last_line);
}

static void assert_log(struct world *w, struct id run, const char *expected)
{
    CLEANUP(freep) char *log = fake_api_log(w->api, run);
    assert_string_equal(log, expected);
}

/* "1:1\n1:2\n..." as `seq` prints it. */
static void assert_log_counts(struct world *w, struct id run, int n)
{
    CLEANUP(freep) char *log = fake_api_log(w->api, run);
    const char *at = log;
    for (int i = 1; i <= n; i++) {
        char line[32];
        int line_n = snprintf(line, sizeof(line), "1:%d\n", i);
        if (strncmp(at, line, (size_t)line_n) != 0)
            fail_msg("line %d is '%.20s'", i, at);
        at += line_n;
    }
    assert_string_equal(at, "");
}

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
    assert_string_equal(started.image_digest, image_digest);
    assert_finished(w, a.run_id, "exited", 7);
    CLEANUP(freep) char *log = fake_api_log(w->api, a.run_id);
    assert_non_null(strstr(log, "1:s3cr3t value run /bin\n"));
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
    CLEANUP(freep) char *other = text_of("127.0.0.1:%d/absent:1", registry.port);
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
    fake_api_wait_mem_free(w->api, MEM_TOTAL_MB - MEM_RUN_MB);
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

static pid_t shim_pid(const struct world *w, struct id run)
{
    CLEANUP(freep)
    char *command = text_of("sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' %s/data/runs/%s/1/status.json",
                            w->dir, ID_TEXT(run));
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    char output[64];
    char *argv[] = {shell, flag, command, NULL};
    assert_int_equal(program_run(argv, output, sizeof(output)), 0);
    return (pid_t)strtoul(output, NULL, 10);
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

static int set_up(void **state)
{
    (void)state;
    registry_fixture_start(&registry);
    registry_fixture_push(&registry, "tool:1", image_digest);
    (void)snprintf(image_text, sizeof(image_text), "127.0.0.1:%d/tool:1", registry.port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_fixture_stop(&registry);
    return 0;
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, world_set_up, world_tear_down)

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
        WORLD_TEST(test_agent__stops_within_a_second_and_leaves_runs_alone),
        WORLD_TEST(test_agent__keeps_its_secrets_private),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
