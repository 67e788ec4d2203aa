/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of all kinds, half of them in boxes that wait, while agent, shims, runtimes and inits are
 * killed, connections cut, orders given in storms, disks filled and the registry is away. Every run
 * must end, once, with a reason and all of its lines; and when all have ended, nothing may be left
 * on the machine.
 *
 * ERRAND_TEST_FAULT_RUNS (40) says how many, ERRAND_TEST_SEED which faults; both are printed.
 */
#include "agent/agent_world.h"
#include "agent/leak_census.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "run_status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RUNS_DEFAULT 40
#define RUNS_MAX 2000
#define FLIGHT_MAX 6
#define STEP_MS 25
#define PATIENCE_US (60 * CLOCK_US_PER_S)

/* Descriptors that come and go: kept connections to the API. */
#define FDS_SLACK 4

struct kind {
    const char *script;
    uint32_t timeout_s;
    uint32_t memory_mb;
    int lines; /* `seq` of them, when it ends by itself; -1 = not looked at */
};

static const struct kind kinds[] = {
    {"true", 30, 64, 0},
    {"exit 3", 30, 64, 0},
    {"seq 1 2000", 30, 64, 2000},
    {"seq 1 20; sleep 0.4; seq 21 40", 30, 64, 40},
    {"sleep 0.3; seq 1 50000", 30, 64, 50000},
    {"trap '' TERM; while :; do sleep 0.1; done", 1, 64, -1},
    {"sleep 1000 & sleep 1000", 1, 64, -1},
    {"tail /dev/zero", 30, 12, -1},
    {"i=0; while [ $i -lt 300 ]; do i=$((i+1)); mkdir -p d/$i; echo x > d/$i/f; done", 30, 64, 0},
    {"f() { f | f & }; f 2>/dev/null; sleep 0.5", 30, 64, -1},
    {"(setsid sh -c \"trap '' TERM; sleep 1000\" &) ; sleep 0.1", 30, 64, 0},
};

static const char *const reasons[] = {"exited",       "timeout",  "canceled",       "oom_killed",
                                      "start_failed", "internal", "invalid_command"};

struct flight {
    struct id run;
    const struct kind *kind;
    bool is_hit; /* a fault may have ended it */
};

static uint64_t random_state;

static uint32_t pick(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 16) % n);
}

#define BOXES 3
static struct id runner; /* of all */
static struct id all_runs[RUNS_MAX + 3 * FLIGHT_MAX];
static size_t all_n;
static size_t ended_by[ARRAY_LEN(reasons)];
static size_t internal_unhit;

static void launch(struct world *w, struct flight *flight)
{
    const struct kind *kind = &kinds[pick(ARRAY_LEN(kinds))];
    struct assignment a = run_of(w, kind->script);
    a.timeout_seconds = kind->timeout_s;
    a.stop_grace_seconds = 1;
    a.memory_mb = kind->memory_mb;
    a.network = pick(2) == 0 ? "bridge" : "none";
    a.runner_id = runner;
    *flight = (struct flight){.run = a.run_id, .kind = kind};
    all_runs[all_n++] = a.run_id;
    fake_api_hold(w->api, &a);
}

static void check_end(struct world *w, const struct flight *flight)
{
    struct fake_event end;
    fake_api_wait_event(w->api, AGENT_EVENT_FINISHED, flight->run, &end);
    fake_api_wait_lines(w->api, flight->run, (uint64_t)end.event.finished.last_line);
    size_t reason = 0;
    while (reason < ARRAY_LEN(reasons) && strcmp(reasons[reason], end.reason) != 0)
        reason++;
    if (reason == ARRAY_LEN(reasons))
        fail_msg("run %s ended: %s", ID_TEXT(flight->run), end.reason);
    ended_by[reason]++;
    if (strcmp(end.reason, "exited") == 0 && flight->kind->lines > 0 &&
        end.event.finished.exit_code == 0 && !end.event.finished.log_truncated)
        assert_log_counts(w, flight->run, flight->kind->lines);
    if (flight->is_hit)
        return;
    if (strcmp(end.reason, "internal") == 0 || strcmp(end.reason, "start_failed") == 0 ||
        strcmp(end.reason, "canceled") == 0) {
        print_error("run %s was left alone and ended %s: %s\n", ID_TEXT(flight->run), end.reason,
                    end.message);
        internal_unhit++;
    }
}

/* Some of what is free stays: a file system of the agent alone is never quite full. */
static void fill_disk(const struct world *w)
{
    struct statvfs fs;
    CLEANUP(freep) char *path = text_of("%s/data/fill", w->dir);
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(statvfs(w->dir, &fs), 0);
    if (fd >= 0 && fstatvfs(fd, &fs) == 0)
        (void)!posix_fallocate(fd, 0, (off_t)(fs.f_bavail * fs.f_bsize));
    sleep_ms(150);
    (void)unlink(path);
}

static void hit_process(struct world *w, struct flight *flight, bool its_child)
{
    pid_t pid = shim_pid(w, flight->run);
    if (pid > 1 && its_child)
        pid = child_of(pid);
    if (pid <= 1)
        return;
    flight->is_hit = true;
    (void)kill(pid, SIGKILL);
}

/* Nobody's run is in it yet; the one that gets it now is hit. */
static void hit_box(struct world *w, struct flight flights[])
{
    struct id boxes[BOXES];
    struct run_status status;
    size_t n = find_boxes(w, boxes, BOXES);
    CLEANUP(freep)
    char *dir =
        n == 0 ? NULL : text_of("%s/data/boxes/%s", w->dir, ID_TEXT(boxes[pick((uint32_t)n)]));
    if (dir == NULL || run_status_read(dir, &status, NULL) < 0)
        return;
    (void)kill(status.pid, SIGKILL);
    for (size_t i = 0; i < FLIGHT_MAX; i++)
        flights[i].is_hit = true;
}

/* The pool's size, and with it which boxes are right. */
static void change_wishes(struct world *w)
{
    struct warm_order order = warm_for(runner, pick(BOXES + 1));
    order.network = pick(2) == 0 ? "bridge" : "none";
    order.stamp = (int64_t)random_state;
    fake_api_warm(w->api, &order);
}

static void inject(struct world *w, struct flight flights[])
{
    struct flight *one = &flights[pick(FLIGHT_MAX)];
    switch (pick(16)) {
    case 0:
        (void)agent_stop(w, SIGKILL);
        agent_start(w);
        break;
    case 1:
        hit_process(w, one, false);
        break;
    case 2:
        hit_process(w, one, true);
        break;
    case 3:
        for (size_t i = 0; i < 3 * FLIGHT_MAX; i++) {
            flights[i % FLIGHT_MAX].is_hit = true;
            fake_api_try_stop(w->api, flights[i % FLIGHT_MAX].run);
        }
        break;
    case 4:
        fake_api_cut_stream(w->api);
        break;
    case 5:
        fake_api_swallow_events(w->api, 2);
        fake_api_drop_logs(w->api, 2);
        break;
    case 6:
        for (size_t i = 0; i < FLIGHT_MAX; i++)
            flights[i].is_hit = true;
        fill_disk(w);
        break;
    case 7:
        if (world_registry.pid != 0)
            registry_fixture_down(&world_registry);
        else
            registry_fixture_up(&world_registry);
        break;
    case 8:
        (void)agent_stop(w, SIGTERM);
        agent_start(w);
        break;
    case 9:
        hit_box(w, flights);
        break;
    case 10:
        change_wishes(w);
        break;
    default:
        break;
    }
}

static void storm(struct world *w, size_t n, bool with_faults)
{
    struct flight flights[FLIGHT_MAX];
    size_t begun = 0;
    size_t ended = 0;
    int64_t last_us = clock_mono_us();
    for (; begun < FLIGHT_MAX; begun++)
        launch(w, &flights[begun]);
    while (ended < begun) {
        for (size_t i = 0; i < FLIGHT_MAX; i++) {
            if (flights[i].kind == NULL ||
                fake_api_count_events(w->api, AGENT_EVENT_FINISHED, flights[i].run) == 0)
                continue;
            check_end(w, &flights[i]);
            ended++;
            last_us = clock_mono_us();
            flights[i].kind = NULL;
            if (begun < n) {
                launch(w, &flights[i]);
                begun++;
            }
        }
        if (with_faults && pick(2) == 0)
            inject(w, flights);
        sleep_ms(STEP_MS);
        if (clock_mono_us() - last_us > PATIENCE_US)
            fail_msg("no run has ended for a minute");
    }
}

static size_t number_of(const char *name, size_t fallback)
{
    int64_t value = (int64_t)fallback;
    const char *text = getenv(name);
    if (text != NULL)
        assert_int_equal(parse_i64(text, 1, INT64_MAX, name, &value, NULL), 0);
    return (size_t)value;
}

static void run_quietly(const char *command)
{
    char shell[] = "/bin/sh";
    char flag[] = "-c";
    CLEANUP(freep) char *text = text_of("%s >/dev/null 2>&1", command);
    char output[64];
    char *argv[] = {shell, flag, text, NULL};
    (void)program_run(argv, output, sizeof(output));
}

/* A small file system of the agent's own, and a bridge nobody else has. */
static int set_up(void **state)
{
    static struct world w;
    world_init(&w);
    unsigned tag = (unsigned)getpid();
    (void)snprintf(w.bridge, sizeof(w.bridge), "ef%x", tag);
    w.subnet = text_of("10.%u.%u.0/24", 220 + tag % 30, tag / 30 % 256);
    CLEANUP(freep) char *data = text_of("%s/data", w.dir);
    struct err e;
    ASSERT_OK(dir_make(data, 0700, &e), e);
    assert_int_equal(mount("errand-test", data, "tmpfs", 0, "size=64m,mode=0700"), 0);
    world_enroll(&w);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    struct err e;
    (void)agent_stop(w, SIGKILL);
    fake_api_stop(w->api);
    CLEANUP(freep) char *data = text_of("%s/data", w->dir);
    CLEANUP(freep)
    char *network = text_of("ip link del %s; nft delete table inet %s; rmdir /run/errand/net/%s",
                            w->bridge, w->bridge, w->bridge);
    run_quietly(network);
    (void)umount2(data, MNT_DETACH);
    free(w->sealed);
    free(w->subnet);
    return dir_remove(w->dir, &e);
}

static void assert_nothing_left(const struct world *w)
{
    struct leak_census left;
    for (int i = 0; i < 100; i++) {
        leak_census_take(w->dir, w->bridge, all_runs, all_n, &left);
        if (left.devices + left.leases + left.groups + left.processes + left.boxes == 0)
            break;
        /* network devices vanish some milliseconds after their namespace */
        sleep_ms(50);
    }
    assert_int_equal(left.groups, 0);
    assert_int_equal(left.processes, 0);
    assert_int_equal(left.mounts, 0);
    assert_int_equal(left.devices, 0);
    assert_int_equal(left.leases, 0);
    assert_int_equal(left.files, 0);
    assert_int_equal(left.boxes, 0);
}

static void test_faults__every_run_ends_and_nothing_is_left(void **state)
{
    struct world *w = *state;
    size_t n = number_of("ERRAND_TEST_FAULT_RUNS", RUNS_DEFAULT);
    size_t seed = number_of("ERRAND_TEST_SEED", (size_t)clock_now_us());
    assert_true(n >= FLIGHT_MAX && n <= RUNS_MAX);
    print_message("ERRAND_TEST_FAULT_RUNS=%zu ERRAND_TEST_SEED=%zu\n", n, seed);
    random_state = seed | 1;

    storm(w, FLIGHT_MAX, false); /* the image is here from now on */
    runner = id_new();
    struct warm_order order = warm_for(runner, BOXES);
    fake_api_warm(w->api, &order);
    wait_boxes(w, BOXES);
    storm(w, n, true);
    (void)agent_stop(w, SIGKILL);
    agent_start(w);
    storm(w, FLIGHT_MAX, false); /* its connections to the API are there from now on */
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    wait_boxes(w, 0);
    size_t fds = leak_census_fds(w->agent);
    storm(w, FLIGHT_MAX, false);
    wait_run_dirs_gone(w);
    size_t fds_after = leak_census_fds(w->agent);
    if (fds_after > fds + FDS_SLACK)
        leak_census_tell_fds(w->agent);
    assert_in_range(fds_after, 0, fds + FDS_SLACK);
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        print_message("%s: %zu\n", reasons[i], ended_by[i]);
    assert_nothing_left(w);
    assert_int_equal(internal_unhit, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_faults__every_run_ends_and_nothing_is_left, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
