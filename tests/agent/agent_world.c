/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_world.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "run_status.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define LOG_MAX_BYTES ((size_t)64 << 20)

struct registry_fixture world_registry;
char world_image[FIXTURE_PATH_BYTES];
char world_image_digest[72];

int world_group_set_up(void **state)
{
    (void)state;
    registry_fixture_start(&world_registry);
    registry_fixture_push(&world_registry, "tool:1", world_image_digest);
    (void)snprintf(world_image, sizeof(world_image), "127.0.0.1:%d/tool:1", world_registry.port);
    return 0;
}

int world_group_tear_down(void **state)
{
    (void)state;
    registry_fixture_stop(&world_registry);
    return 0;
}

char *text_of(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    assert_true(vasprintf(&text, fmt, args) >= 0);
    va_end(args);
    return text;
}

void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

void agent_start(struct world *w)
{
    CLEANUP(freep) char *program = text_of("%s/errand-agent", w->bin_dir);
    CLEANUP(freep) char *url = text_of("--api_url=%s", fake_api_url(w->api));
    CLEANUP(freep) char *data = text_of("--data_dir=%s/data", w->dir);
    CLEANUP(freep) char *join = text_of("--join_token_file=%s/join", w->dir);
    CLEANUP(freep) char *memory = text_of("--mem_total_mb=%d", MEM_TOTAL_MB);
    CLEANUP(freep) char *log = text_of("%s/agent.log", w->dir);
    char level[] = "--log_level=debug";
    char usage[] = "--usage_seconds=1";
    CLEANUP(freep) char *bridge = text_of("--network_bridge=%s", w->bridge);
    CLEANUP(freep)
    char *runtime = text_of("--runtime=%s", w->runtime != NULL ? w->runtime : "auto");
    CLEANUP(freep) char *start = text_of("--start_timeout_seconds=%d", w->start_timeout_seconds);
    CLEANUP(freep)
    char *subnet = text_of("--network_subnet=%s", w->subnet != NULL ? w->subnet : "10.213.0.0/16");
    char *argv[] = {program, url,     data,  join,   memory, level,
                    bridge,  runtime, start, subnet, usage,  NULL};
    struct stat st;
    w->log_from = stat(log, &st) == 0 ? (size_t)st.st_size : 0;
    w->agent = program_start(argv, -1, log);
}

static bool has_said(const struct world *w, const char *text, size_t from)
{
    CLEANUP(freep) char *path = text_of("%s/agent.log", w->dir);
    CLEANUP(buf_done) struct buf log;
    buf_init(&log, LOG_MAX_BYTES);
    return file_read(path, &log, NULL) == 0 && log.len > from &&
           strstr(buf_text(&log) + from, text) != NULL;
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == pid;
}

/* One that has just been started is ended by the signal itself, as any program is. */
static void wait_until_it_can_hear(const struct world *w)
{
    for (int i = 0;
         i < PATIENCE_MS / 10 && !has_ended(w->agent) && !has_said(w, "agent.ready", w->log_from);
         i++)
        sleep_ms(10);
}

int agent_stop(struct world *w, int signal)
{
    int status = 0;
    if (w->agent == 0)
        return 0;
    if (signal != SIGKILL)
        wait_until_it_can_hear(w);
    assert_int_equal(kill(w->agent, signal), 0);
    assert_int_equal(waitpid(w->agent, &status, 0), w->agent);
    w->agent = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool run_dirs_are_gone(const struct world *w)
{
    CLEANUP(freep) char *path = text_of("%s/data/runs", w->dir);
    struct stat st;
    return stat(path, &st) < 0 || st.st_nlink == 2;
}

void wait_run_dirs_gone(const struct world *w)
{
    for (int i = 0; i < PATIENCE_MS / 10 && !run_dirs_are_gone(w); i++)
        sleep_ms(10);
    assert_true(run_dirs_are_gone(w));
}

void world_init(struct world *w)
{
    struct err e;
    *w = (struct world){
        .dir = "/tmp/errand-agent-XXXXXX", .bridge = "none", .start_timeout_seconds = 60};
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->bin_dir, sizeof(w->bin_dir), "%s", getenv("ERRAND_BIN_DIR"));
    w->api = fake_api_start();
    CLEANUP(freep) char *join = text_of("%s/join", w->dir);
    ASSERT_OK(file_replace(join, FAKE_JOIN_TOKEN "\n", strlen(FAKE_JOIN_TOKEN) + 1, 0600, &e), e);
}

void world_enroll(struct world *w)
{
    agent_start(w);
    (void)fake_api_wait_connected(w->api, 1);
    w->sealed = fake_api_seal(w->api, "{\"SECRET\":\"s3cr3t value\",\"IMAGE\":\"run\"}");
}

int world_set_up(void **state)
{
    static struct world world;
    world_init(&world);
    world_enroll(&world);
    *state = &world;
    return 0;
}

static bool has_told_no_secret(const struct world *w)
{
    static const char *const secrets[] = {"s3cr3t", "err_h_", "err_j_"};
    CLEANUP(freep) char *log = text_of("%s/agent.log", w->dir);
    CLEANUP(buf_done) struct buf text;
    struct err e;
    buf_init(&text, LOG_MAX_BYTES);
    if (file_read(log, &text, &e) < 0) {
        print_error("%s\n", e.msg);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        if (strstr(buf_text(&text), secrets[i]) != NULL) {
            print_error("the agent's log holds '%s'\n", secrets[i]);
            return false;
        }
    }
    return true;
}

int world_tear_down(void **state)
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
    if (status != 0)
        print_error("the agent ended with %d\n", status);
    fake_api_stop(w->api);
    free(w->sealed);
    bool is_quiet = has_told_no_secret(w);
    if (dir_remove(w->dir, &e) < 0) {
        print_error("left behind: %s\n", e.msg);
        return -1;
    }
    return status == 0 && is_quiet ? 0 : -1;
}

struct assignment run_of(const struct world *w, const char *script)
{
    return (struct assignment){.run_id = id_new(),
                               .attempt = 1,
                               .runner_id = id_new(),
                               .project_id = id_new(),
                               .image = world_image,
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
                               .sandbox = "default",
                               .log_limit_bytes = 1 << 30};
}

struct warm_order warm_for(struct id runner, uint32_t n)
{
    return (struct warm_order){.runner_id = runner,
                               .project_id = id_new(),
                               .stamp = (int64_t)n + 1,
                               .image = world_image,
                               .pull_policy = "missing",
                               .pull_timeout_seconds = 30,
                               .expires_at_us = clock_now_us() + 3600 * CLOCK_US_PER_S,
                               .pool = n,
                               .memory_mb = MEM_RUN_MB,
                               .cpu_milli = 1000,
                               .pids_limit = 64,
                               .network = "none",
                               .sandbox = "default"};
}

size_t find_boxes(const struct world *w, struct id ids[], size_t max)
{
    CLEANUP(freep) char *path = text_of("%s/data/boxes", w->dir);
    size_t n = 0;
    DIR *dir = opendir(path);
    const struct dirent *entry;
    while (n < max && dir != NULL && (entry = readdir(dir)) != NULL) {
        struct run_status status;
        CLEANUP(freep) char *box = text_of("%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && run_status_read(box, &status, NULL) == 0 &&
            status.state == RUN_STATUS_WAITING)
            ids[n++] = status.run;
    }
    if (dir != NULL)
        (void)closedir(dir);
    return n;
}

void wait_boxes(const struct world *w, size_t n)
{
    struct id ids[16];
    for (int i = 0; i < PATIENCE_MS / 10 && find_boxes(w, ids, ARRAY_LEN(ids)) != n; i++)
        sleep_ms(10);
    assert_int_equal(find_boxes(w, ids, ARRAY_LEN(ids)), n);
}

void assert_finished(struct world *w, struct id run, const char *reason, int exit_code)
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

void assert_log(struct world *w, struct id run, const char *expected)
{
    CLEANUP(freep) char *log = fake_api_log(w->api, run);
    assert_string_equal(log, expected);
}

void assert_log_counts(struct world *w, struct id run, int n)
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

void wait_agent_log(const struct world *w, const char *text)
{
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (has_said(w, text, 0))
            return;
        sleep_ms(10);
    }
    fail_msg("the agent never said '%s'", text);
}

/* The first number after `key` in a file; 0 when there is none. */
static pid_t number_in(const char *path, const char *key)
{
    CLEANUP(buf_done) struct buf text;
    int64_t number = 0;
    buf_init(&text, 65536);
    const char *at = file_read(path, &text, NULL) == 0 ? strstr(buf_text(&text), key) : NULL;
    if (at == NULL)
        return 0;
    at += strlen(key);
    if (parse_i64_n(at, strspn(at, "0123456789"), 1, INT32_MAX, "pid", &number, NULL) < 0)
        return 0;
    return (pid_t)number;
}

pid_t shim_pid(const struct world *w, struct id run)
{
    CLEANUP(freep) char *path = text_of("%s/data/runs/%s/1/status.json", w->dir, ID_TEXT(run));
    return number_in(path, "\"pid\":");
}

/* The leak sanitizer looks at its own process from a child. */
static bool is_same_program(pid_t a, pid_t b)
{
    struct stat st_a;
    struct stat st_b;
    CLEANUP(freep) char *path_a = text_of("/proc/%d/exe", (int)a);
    CLEANUP(freep) char *path_b = text_of("/proc/%d/exe", (int)b);
    return stat(path_a, &st_a) < 0 || stat(path_b, &st_b) < 0 ||
           (st_a.st_ino == st_b.st_ino && st_a.st_dev == st_b.st_dev);
}

pid_t child_of(pid_t pid)
{
    CLEANUP(freep) char *path = text_of("/proc/%d/task/%d/children", (int)pid, (int)pid);
    pid_t child = number_in(path, "");
    return child > 0 && !is_same_program(child, pid) ? child : 0;
}
