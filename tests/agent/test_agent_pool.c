/* SPDX-License-Identifier: Apache-2.0
 *
 * Boxes kept waiting for a runner's runs: filled, given away once, replaced, and gone when nobody
 * wants them, whoever is killed.
 */
#include "agent/agent_world.h"
#include "agent/leak_census.h"

#include "base/clock.h"
#include "base/file.h"
#include "run_status.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POOL 3
#define LOG_MAX_BYTES ((size_t)16 << 20)

static struct id runner;

static void fill(struct world *w, uint32_t n)
{
    struct warm_order order = warm_for(runner, n);
    fake_api_warm(w->api, &order);
    wait_boxes(w, n);
}

static struct assignment run_of_runner(const struct world *w, const char *script)
{
    struct assignment a = run_of(w, script);
    a.runner_id = runner;
    return a;
}

/* As the agent told it. */
static bool ran_in(struct world *w, struct id run, struct id box)
{
    CLEANUP(freep) char *path = text_of("%s/agent.log", w->dir);
    CLEANUP(freep) char *started = text_of("run.started run=%s ", ID_TEXT(run));
    CLEANUP(freep) char *name = text_of("box=%s-0\n", ID_TEXT(box));
    CLEANUP(buf_done) struct buf log;
    struct err e;
    buf_init(&log, LOG_MAX_BYTES);
    ASSERT_OK(file_read(path, &log, &e), e);
    const char *line = strstr(buf_text(&log), started);
    assert_non_null(line);
    const char *found = strstr(line, name);
    return found != NULL && found < strchr(line, '\n');
}

static bool ran_in_none(struct world *w, struct id run)
{
    CLEANUP(freep) char *line = text_of("run.started run=%s attempt=1 ", ID_TEXT(run));
    CLEANUP(freep) char *path = text_of("%s/agent.log", w->dir);
    CLEANUP(buf_done) struct buf log;
    struct err e;
    buf_init(&log, LOG_MAX_BYTES);
    ASSERT_OK(file_read(path, &log, &e), e);
    const char *at = strstr(buf_text(&log), line);
    assert_non_null(at);
    const char *found = strstr(at, "box=none\n");
    return found != NULL && found < strchr(at, '\n');
}

static bool ran_in_one_of(struct world *w, struct id run, const struct id boxes[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ran_in(w, run, boxes[i]))
            return true;
    return false;
}

/* But the agent, while it is up. */
static void assert_nothing_left(const struct world *w)
{
    struct leak_census left;
    size_t agents = w->agent != 0;
    for (int i = 0; i < 200; i++) {
        leak_census_take(w->dir, "none", NULL, 0, &left);
        if (left.groups + left.boxes == 0 && left.processes == agents)
            break;
        sleep_ms(50);
    }
    assert_int_equal(left.groups, 0);
    assert_int_equal(left.processes, agents);
    assert_int_equal(left.mounts, 0);
    assert_int_equal(left.boxes, 0);
}

static pid_t box_shim(const struct world *w, struct id box)
{
    struct run_status status;
    struct err e;
    CLEANUP(freep) char *dir = text_of("%s/data/boxes/%s", w->dir, ID_TEXT(box));
    ASSERT_OK(run_status_read(dir, &status, &e), e);
    return status.pid;
}

static void wait_process_gone(pid_t pid)
{
    for (int i = 0; i < 2000 && kill(pid, 0) == 0; i++)
        sleep_ms(10);
    assert_int_equal(kill(pid, 0), -1);
}

static void test_pool__serves_runs_and_is_filled_again(void **state)
{
    struct world *w = *state;
    struct id before[POOL];
    struct id after[POOL];
    fill(w, POOL);
    assert_int_equal(find_boxes(w, before, POOL), POOL);
    struct assignment a = run_of_runner(w, "echo $SECRET | wc -c; exit 5");
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 5);
    assert_true(ran_in_one_of(w, a.run_id, before, POOL));
    assert_log(w, a.run_id, "1:13\n");
    wait_run_dirs_gone(w);
    wait_boxes(w, POOL);
    assert_int_equal(find_boxes(w, after, POOL), POOL);
    for (size_t i = 0; i < POOL; i++)
        assert_false(ran_in(w, a.run_id, after[i]));
}

/* More runs than boxes, all at once: each has a sandbox of its own, and finds nobody's files. */
static void test_pool__never_serves_two_runs_with_one_box(void **state)
{
    struct world *w = *state;
    enum { RUNS = 8 };
    struct assignment runs[RUNS];
    struct id before[POOL];
    size_t warm = 0;
    fill(w, POOL);
    assert_int_equal(find_boxes(w, before, POOL), POOL);
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = run_of_runner(w, "readlink /proc/self/ns/mnt; test ! -e /tmp/mine && echo x "
                                   ">/tmp/mine && ls /tmp; sleep 0.5");
        runs[i].memory_mb = MEM_RUN_MB;
        fake_api_assign(w->api, &runs[i]);
    }
    char *logs[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        assert_finished(w, runs[i].run_id, "exited", 0);
        logs[i] = fake_api_log(w->api, runs[i].run_id);
        warm += ran_in_one_of(w, runs[i].run_id, before, POOL);
        assert_non_null(strstr(logs[i], "\n1:mine\n"));
        for (size_t k = 0; k < i; k++)
            assert_true(strcmp(logs[k], logs[i]) != 0);
    }
    for (size_t i = 0; i < RUNS; i++)
        free(logs[i]);
    assert_int_equal(warm, POOL);
    wait_run_dirs_gone(w);
    wait_boxes(w, POOL);
}

static void test_pool__is_not_for_runs_that_need_another_sandbox(void **state)
{
    struct world *w = *state;
    struct id boxes[POOL];
    fill(w, 1);
    struct assignment runs[] = {run_of_runner(w, "hostname"), run_of_runner(w, "hostname"),
                                run_of(w, "hostname")};
    runs[0].memory_mb = MEM_RUN_MB + 1;
    runs[1].read_only = true;
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        fake_api_assign(w->api, &runs[i]);
        assert_finished(w, runs[i].run_id, "exited", 0);
        assert_true(ran_in_none(w, runs[i].run_id));
    }
    assert_int_equal(find_boxes(w, boxes, POOL), 1);
}

static void test_pool__follows_what_is_wanted(void **state)
{
    struct world *w = *state;
    struct id boxes[POOL];
    fill(w, POOL);
    fill(w, 1);
    assert_int_equal(find_boxes(w, boxes, POOL), 1);
    struct warm_order larger = warm_for(runner, 1);
    larger.memory_mb = MEM_RUN_MB * 2;
    larger.stamp = 77;
    fake_api_warm(w->api, &larger);
    wait_process_gone(box_shim(w, boxes[0]));
    wait_boxes(w, 1);
    struct assignment a = run_of_runner(w, "hostname");
    a.memory_mb = MEM_RUN_MB * 2;
    assert_int_equal(find_boxes(w, boxes, POOL), 1);
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    assert_true(ran_in(w, a.run_id, boxes[0]));
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

static void test_pool__boxes_expire(void **state)
{
    struct world *w = *state;
    struct id boxes[POOL];
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    assert_int_equal(setenv("ERRAND_POOL_SECONDS", "1", 1), 0);
    agent_start(w);
    assert_int_equal(unsetenv("ERRAND_POOL_SECONDS"), 0);
    (void)fake_api_wait_connected(w->api, 2);
    fill(w, 1);
    assert_int_equal(find_boxes(w, boxes, POOL), 1);
    pid_t first = box_shim(w, boxes[0]);
    wait_process_gone(first);
    wait_boxes(w, 1);
    assert_int_equal(find_boxes(w, boxes, POOL), 1);
    assert_int_not_equal(box_shim(w, boxes[0]), first);
}

static void test_pool__of_a_killed_agent_is_replaced(void **state)
{
    struct world *w = *state;
    struct id boxes[POOL];
    pid_t shims[POOL];
    fill(w, POOL);
    assert_int_equal(find_boxes(w, boxes, POOL), POOL);
    for (size_t i = 0; i < POOL; i++)
        shims[i] = box_shim(w, boxes[i]);
    (void)agent_stop(w, SIGKILL);
    assert_int_equal(kill(shims[0], SIGKILL), 0);
    agent_start(w);
    for (size_t i = 0; i < POOL; i++)
        wait_process_gone(shims[i]);
    wait_boxes(w, POOL);
    struct assignment a = run_of_runner(w, "hostname");
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    assert_false(ran_in_none(w, a.run_id));
    assert_false(ran_in_one_of(w, a.run_id, boxes, POOL));
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

static void test_pool__is_gone_with_its_agent(void **state)
{
    struct world *w = *state;
    fill(w, POOL);
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    assert_nothing_left(w);
}

static void test_pool__box_whose_shim_is_killed_is_replaced(void **state)
{
    struct world *w = *state;
    struct id before;
    struct id after;
    fill(w, 1);
    assert_int_equal(find_boxes(w, &before, 1), 1);
    assert_int_equal(kill(box_shim(w, before), SIGKILL), 0);
    wait_agent_log(w, "box.died");
    wait_boxes(w, 1);
    for (int i = 0; i < 500 && (find_boxes(w, &after, 1) == 0 || id_equal(before, after)); i++)
        sleep_ms(10);
    assert_int_equal(find_boxes(w, &after, 1), 1);
    assert_false(id_equal(before, after));
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

/* A run that began in a box is adopted as any other, and its group is not taken for a leftover. */
static void test_pool__run_in_a_box_outlives_the_agent(void **state)
{
    struct world *w = *state;
    fill(w, 1);
    struct assignment a = run_of_runner(w, "seq 1 100; sleep 1.5; seq 101 200; exit 4");
    fake_api_list(w->api, a.run_id, 1);
    fake_api_repeat(w->api, &a);
    fake_api_assign(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 100);
    for (int i = 0; i < 2; i++) {
        (void)agent_stop(w, SIGKILL);
        agent_start(w);
        sleep_ms(300);
    }
    assert_finished(w, a.run_id, "exited", 4);
    assert_log_counts(w, a.run_id, 200);
    assert_int_equal(fake_api_count_events(w->api, AGENT_EVENT_FINISHED, a.run_id), 1);
    fake_api_list_nothing(w->api);
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

/* As an agent leaves it that dies after it has moved a box and before it has told it of the run:
 * the run begins once, in another sandbox. */
static void test_pool__box_that_was_not_told_of_its_run_is_none(void **state)
{
    static const char note[] =
        "{\"format\":1,\"memory_mb\":64,\"stop_grace_seconds\":5,\"start_lease_seconds\":0,"
        "\"run_lease_seconds\":0,\"image_digest\":\"\",\"pull_ms\":0,\"box\":null}";
    struct world *w = *state;
    struct id box;
    struct err e;
    fill(w, 1);
    assert_int_equal(find_boxes(w, &box, 1), 1);
    pid_t shim = box_shim(w, box);
    (void)agent_stop(w, SIGKILL);
    struct assignment a = run_of_runner(w, "hostname");
    CLEANUP(freep) char *from = text_of("%s/data/boxes/%s", w->dir, ID_TEXT(box));
    CLEANUP(freep) char *above = text_of("%s/data/runs/%s", w->dir, ID_TEXT(a.run_id));
    CLEANUP(freep) char *to = text_of("%s/1", above);
    CLEANUP(freep) char *file = text_of("%s/launch.json", from);
    ASSERT_OK(file_replace(file, note, strlen(note), 0600, &e), e);
    ASSERT_OK(dir_make(above, 0700, &e), e);
    assert_int_equal(rename(from, to), 0);
    fake_api_list(w->api, a.run_id, 1);
    fake_api_repeat(w->api, &a);
    agent_start(w);
    assert_finished(w, a.run_id, "exited", 0);
    assert_false(ran_in(w, a.run_id, box));
    wait_process_gone(shim);
    fake_api_list_nothing(w->api);
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

static void test_pool__that_cannot_be_made_is_tried_ever_more_rarely(void **state)
{
    struct world *w = *state;
    struct warm_order order = warm_for(runner, 1);
    order.network = "bridge"; /* this agent has none */
    fake_api_warm(w->api, &order);
    wait_agent_log(w, "box.unmade");
    struct assignment a = run_of_runner(w, "echo well");
    fake_api_assign(w->api, &a);
    assert_finished(w, a.run_id, "exited", 0);
    wait_run_dirs_gone(w);
    fake_api_warm(w->api, NULL);
    assert_nothing_left(w);
}

static int set_up(void **state)
{
    runner = id_new();
    return world_set_up(state);
}

#define POOL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(test_pool__serves_runs_and_is_filled_again),
        POOL_TEST(test_pool__never_serves_two_runs_with_one_box),
        POOL_TEST(test_pool__is_not_for_runs_that_need_another_sandbox),
        POOL_TEST(test_pool__follows_what_is_wanted),
        POOL_TEST(test_pool__boxes_expire),
        POOL_TEST(test_pool__of_a_killed_agent_is_replaced),
        POOL_TEST(test_pool__is_gone_with_its_agent),
        POOL_TEST(test_pool__box_whose_shim_is_killed_is_replaced),
        POOL_TEST(test_pool__run_in_a_box_outlives_the_agent),
        POOL_TEST(test_pool__box_that_was_not_told_of_its_run_is_none),
        POOL_TEST(test_pool__that_cannot_be_made_is_tried_ever_more_rarely),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
