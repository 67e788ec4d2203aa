/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever a run does, and whether or not its agent lives: it ends within timeout, grace and a
 * second, and nothing of it goes on.
 */
#include "agent/agent_world.h"

#include "base/clock.h"
#include "base/file.h"
#include "drivers/cgroup.h"
#include "run_status.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_S 1
#define GRACE_S 1
#define BOUND_US ((TIMEOUT_S + GRACE_S + 1) * CLOCK_US_PER_S)

/* What must not help a run to live longer. */
static const char *const stubborn[] = {
    /* PID 1 of the run does not hear TERM */
    "trap '' TERM; echo up; while :; do sleep 1; done",
    /* stopped, it cannot even ignore it */
    "echo up; sleep 1000 & kill -STOP $!; kill -STOP $$",
    /* processes faster than they can be killed one by one */
    "trap '' TERM; echo up; f() { f | f & }; (f 2>/dev/null) & while :; do :; done",
    /* in a session of its own, with the run's output held open */
    "trap '' TERM; echo up; setsid sh -c \"trap '' TERM; sleep 1000\" & sleep 1000",
};

#define STUBBORN_N (sizeof(stubborn) / sizeof(stubborn[0]))

static struct assignment short_run_of(const struct world *w, const char *script)
{
    struct assignment a = run_of(w, script);
    a.timeout_seconds = TIMEOUT_S;
    a.stop_grace_seconds = GRACE_S;
    a.log_limit_bytes = 65536;
    return a;
}

static struct run_status status_of(const struct world *w, struct id run)
{
    struct err e;
    struct run_status status;
    CLEANUP(freep) char *dir = text_of("%s/data/runs/%s/1", w->dir, ID_TEXT(run));
    ASSERT_OK(run_status_read(dir, &status, &e), e);
    return status;
}

static void assert_in_time(struct world *w, struct id run, const char *reason, int exit_code)
{
    struct fake_event started;
    struct fake_event finished;
    fake_api_wait_event(w->api, AGENT_EVENT_STARTED, run, &started);
    assert_finished(w, run, reason, exit_code);
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, run, &finished);
    int64_t lasted_us = finished.event.finished.at_us - started.event.started.at_us;
    if (lasted_us > BOUND_US)
        fail_msg("lasted %lld ms", (long long)(lasted_us / CLOCK_US_PER_MS));
}

static void start_stubborn(struct world *w, struct assignment runs[])
{
    for (size_t i = 0; i < STUBBORN_N; i++) {
        runs[i] = short_run_of(w, stubborn[i]);
        fake_api_list(w->api, runs[i].run_id, 1);
        fake_api_assign(w->api, &runs[i]);
    }
    for (size_t i = 0; i < STUBBORN_N; i++)
        fake_api_wait_lines(w->api, runs[i].run_id, 1);
}

static void test_timeout__holds_with_an_agent(void **state)
{
    struct world *w = *state;
    struct assignment runs[STUBBORN_N];
    start_stubborn(w, runs);
    for (size_t i = 0; i < STUBBORN_N; i++)
        assert_in_time(w, runs[i].run_id, "timeout", 124);
    wait_run_dirs_gone(w);
}

static void test_timeout__holds_without_an_agent(void **state)
{
    struct world *w = *state;
    struct assignment runs[STUBBORN_N];
    start_stubborn(w, runs);
    (void)agent_stop(w, SIGKILL);
    for (size_t i = 0; i < STUBBORN_N; i++) {
        CLEANUP(freep)
        char *record = text_of("%s/data/runs/%s/1/exit.json", w->dir, ID_TEXT(runs[i].run_id));
        int64_t until_us = clock_mono_us() + BOUND_US + CLOCK_US_PER_S;
        while (access(record, F_OK) < 0 && clock_mono_us() < until_us)
            sleep_ms(10);
        assert_int_equal(access(record, F_OK), 0);
    }
    agent_start(w);
    for (size_t i = 0; i < STUBBORN_N; i++)
        assert_in_time(w, runs[i].run_id, "timeout", 124);
    wait_run_dirs_gone(w);
}

static void test_stop__is_as_short_as_its_grace(void **state)
{
    struct world *w = *state;
    struct assignment runs[STUBBORN_N];
    for (size_t i = 0; i < STUBBORN_N; i++) {
        runs[i] = short_run_of(w, stubborn[i]);
        runs[i].timeout_seconds = 1000;
        fake_api_assign(w->api, &runs[i]);
    }
    for (size_t i = 0; i < STUBBORN_N; i++)
        fake_api_wait_lines(w->api, runs[i].run_id, 1);
    int64_t ordered_us = clock_now_us();
    for (size_t i = 0; i < STUBBORN_N; i++)
        fake_api_order_stop(w->api, runs[i].run_id, 1);
    for (size_t i = 0; i < STUBBORN_N; i++) {
        struct fake_event finished;
        assert_finished(w, runs[i].run_id, "canceled", 137);
        fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, runs[i].run_id, &finished);
        assert_in_range(finished.event.finished.at_us - ordered_us, 0,
                        (GRACE_S + 1) * CLOCK_US_PER_S);
    }
    wait_run_dirs_gone(w);
}

static void write_text(const char *path, const char *text)
{
    CLEANUP(file_closep) FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fflush(file) != 0)
        fail_msg("cannot write %s", path);
}

/* As `docker pause` does, or an administrator. */
static void freeze(const struct run_status *status)
{
    struct err e;
    enum cgroup_layout layout;
    ASSERT_OK(cgroup_layout_find(&layout, &e), e);
    CLEANUP(freep)
    char *path = text_of(CGROUP_ROOT "%s%s/%s", layout == CGROUP_V2 ? "" : "/freezer",
                         status->cgroup, layout == CGROUP_V2 ? "cgroup.freeze" : "freezer.state");
    write_text(path, layout == CGROUP_V2 ? "1" : "FROZEN");
}

static void test_timeout__ends_a_frozen_container(void **state)
{
    struct world *w = *state;
    struct assignment a = short_run_of(w, "echo up; exec sleep 1000");
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    struct run_status status = status_of(w, a.run_id);
    freeze(&status);
    assert_in_time(w, a.run_id, "timeout", 124);
    wait_run_dirs_gone(w);
}

static void test_pull__that_hangs_ends(void **state)
{
    struct world *w = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(address);
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
    CLEANUP(freep) char *image = text_of("127.0.0.1:%d/silent:1", ntohs(address.sin_port));

    struct assignment a = run_of(w, "true");
    a.image = image;
    a.pull_timeout_seconds = 1;
    int64_t before_us = clock_mono_us();
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "image_pull_timeout", -1);
    assert_true(clock_mono_us() - before_us < 2 * CLOCK_US_PER_S);
    wait_run_dirs_gone(w);
}

/* A runtime that never comes to an end, by the name of one that the shim knows. */
static void test_start__that_hangs_ends(void **state)
{
    struct world *w = *state;
    CLEANUP(freep) char *path = text_of("%s/crun", w->dir);
    write_text(path, "#!/bin/sh\n[ \"$1\" = --version ] && exec /usr/bin/crun --version\n"
                     "trap '' TERM; sleep 1000 & sleep 1000\n");
    assert_int_equal(chmod(path, 0755), 0);
    (void)agent_stop(w, SIGTERM);
    w->runtime = path;
    w->start_timeout_seconds = 1;
    agent_start(w);
    (void)fake_api_wait_connected(w->api, 2);

    struct assignment a = run_of(w, "true");
    int64_t before_us = clock_mono_us();
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "start_failed", -1);
    assert_true(clock_mono_us() - before_us < 3 * CLOCK_US_PER_S);
    wait_run_dirs_gone(w);
}

/* Nobody should stop a shim; if somebody does, its agent wakes it. */
static void test_timeout__holds_though_the_shim_is_stopped(void **state)
{
    struct world *w = *state;
    struct assignment a = short_run_of(w, "trap '' TERM; echo up; sleep 1000");
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    pid_t pid = shim_pid(w, a.run_id);
    assert_true(pid > 1);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_finished(w, a.run_id, "timeout", 124);
    wait_agent_log(w, "shim.overdue");
    wait_run_dirs_gone(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_timeout__holds_with_an_agent),
        WORLD_TEST(test_timeout__holds_without_an_agent),
        WORLD_TEST(test_stop__is_as_short_as_its_grace),
        WORLD_TEST(test_timeout__ends_a_frozen_container),
        WORLD_TEST(test_pull__that_hangs_ends),
        WORLD_TEST(test_start__that_hangs_ends),
        WORLD_TEST(test_timeout__holds_though_the_shim_is_stopped),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
