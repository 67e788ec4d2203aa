/* SPDX-License-Identifier: Apache-2.0
 *
 * Agents come and go, are upgraded, find what others left: the runs do not notice.
 */
#include "agent/agent_world.h"

#include "base/file.h"
#include "drivers/cgroup.h"
#include "leftovers.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS 12

static void test_adopt__twelve_agents_see_one_run(void **state)
{
    struct world *w = *state;
    struct assignment loud = run_of(
        w, "i=0; while [ $i -lt 60 ]; do seq $((i*500+1)) $((i*500+500)); i=$((i+1)); sleep 0.1; "
           "done; exit 9");
    struct assignment silent = run_of(w, "sleep 5; exit 8");
    fake_api_hold(w->api, &loud);
    fake_api_hold(w->api, &silent);
    fake_api_wait_lines(w->api, loud.run_id, 1);
    for (int i = 0; i < KILLS; i++) {
        assert_int_equal(agent_stop(w, SIGKILL), 128 + SIGKILL);
        agent_start(w);
        sleep_ms(i * 60); /* sooner or later in its life */
    }
    assert_finished(w, loud.run_id, "exited", 9);
    assert_finished(w, silent.run_id, "exited", 8);
    assert_log_counts(w, loud.run_id, 30000);
    wait_run_dirs_gone(w);
}

static void copy_program(const struct world *w, const char *name, const char *dir)
{
    struct err e;
    CLEANUP(buf_done) struct buf program;
    buf_init(&program, (size_t)256 << 20);
    CLEANUP(freep) char *from = text_of("%s/%s", getenv("ERRAND_BIN_DIR"), name);
    CLEANUP(freep) char *to = text_of("%s/%s", dir, name);
    (void)w;
    ASSERT_OK(file_read(from, &program, &e), e);
    ASSERT_OK(file_replace(to, program.data, program.len, 0755, &e), e);
}

/* As a package's upgrade does: every program is replaced, by rename. */
static void install(struct world *w)
{
    static const char *const names[] = {"errand-agent", "errand-shim", "errand-init"};
    struct err e;
    (void)snprintf(w->bin_dir, sizeof(w->bin_dir), "%s/bin", w->dir);
    ASSERT_OK(dir_make(w->bin_dir, 0755, &e), e);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        copy_program(w, names[i], w->bin_dir);
}

static ino_t executed_by(pid_t pid)
{
    struct stat st = {0};
    CLEANUP(freep) char *path = text_of("/proc/%d/exe", (int)pid);
    assert_int_equal(stat(path, &st), 0);
    return st.st_ino;
}

static void test_upgrade__runs_go_on_under_their_old_shims(void **state)
{
    struct world *w = *state;
    (void)agent_stop(w, SIGTERM);
    install(w);
    agent_start(w);
    struct assignment before = run_of(w, "seq 1 100; sleep 2; seq 101 200; exit 9");
    fake_api_hold(w->api, &before);
    fake_api_wait_lines(w->api, before.run_id, 1);
    pid_t shim = shim_pid(w, before.run_id);
    ino_t old_shim = executed_by(shim);
    ino_t old_agent = executed_by(w->agent);

    install(w);
    assert_int_equal(agent_stop(w, SIGTERM), 0);
    agent_start(w);
    (void)fake_api_wait_connected(w->api, 3);
    assert_int_not_equal(executed_by(w->agent), old_agent);
    assert_int_equal(executed_by(shim), old_shim);
    struct assignment after = run_of(w, "echo new; sleep 1");
    fake_api_hold(w->api, &after);
    fake_api_wait_lines(w->api, after.run_id, 1);
    assert_int_not_equal(executed_by(shim_pid(w, after.run_id)), old_shim);

    assert_finished(w, before.run_id, "exited", 9);
    assert_finished(w, after.run_id, "exited", 0);
    assert_log_counts(w, before.run_id, 200);
    wait_run_dirs_gone(w);
}

static void replace_in(const char *path, const char *from, const char *to)
{
    struct err e;
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf changed;
    buf_init(&text, 65536);
    buf_init(&changed, 65536);
    ASSERT_OK(file_read(path, &text, &e), e);
    const char *at = strstr(buf_text(&text), from);
    assert_non_null(at);
    buf_add(&changed, text.data, (size_t)(at - text.data));
    buf_add_text(&changed, to);
    buf_add_text(&changed, at + strlen(from));
    ASSERT_OK(file_replace(path, changed.data, changed.len, 0600, &e), e);
}

/* What it cannot read it must neither guess at nor destroy. */
static void assert_refused(struct world *w, struct id run, const char *file, const char *format,
                           const char *complaint)
{
    int status = 0;
    CLEANUP(freep) char *path = text_of("%s/data/runs/%s/1/%s", w->dir, ID_TEXT(run), file);
    replace_in(path, "\"format\":1", format);
    agent_start(w);
    assert_int_equal(waitpid(w->agent, &status, 0), w->agent);
    w->agent = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    wait_agent_log(w, complaint);
    replace_in(path, format, "\"format\":1");
}

static void test_upgrade__another_format_is_refused_and_left_alone(void **state)
{
    struct world *w = *state;
    struct assignment a = run_of(w, "echo up; sleep 3; exit 4");
    fake_api_hold(w->api, &a);
    fake_api_wait_lines(w->api, a.run_id, 1);
    (void)agent_stop(w, SIGKILL);
    assert_refused(w, a.run_id, "launch.json", "\"format\":2",
                   "launch.json is of format 2, which a newer errand wrote; this one reads 1");
    assert_refused(w, a.run_id, "status.json", "\"format\":0",
                   "status.json is of format 0, which an older errand wrote; this one reads 1");
    agent_start(w);
    assert_finished(w, a.run_id, "exited", 4);
    wait_run_dirs_gone(w);
}

/* An agent that dies between making the dir and starting the shim. */
static void test_adopt__what_never_began_begins_now(void **state)
{
    struct world *w = *state;
    struct err e;
    static const char note[] = "{\"format\":1,\"memory_mb\":64,\"stop_grace_seconds\":5,"
                               "\"image_digest\":\"\",\"pull_ms\":0}";
    struct assignment a = run_of(w, "echo begun");
    (void)agent_stop(w, SIGKILL);
    CLEANUP(freep) char *dir = text_of("%s/data/runs/%s/1", w->dir, ID_TEXT(a.run_id));
    CLEANUP(freep) char *path = text_of("%s/launch.json", dir);
    ASSERT_OK(dir_make(dir, 0700, &e), e);
    ASSERT_OK(file_replace(path, note, strlen(note), 0600, &e), e);
    fake_api_hold(w->api, &a);
    agent_start(w);
    assert_finished(w, a.run_id, "exited", 0);
    assert_log(w, a.run_id, "1:begun\n");
    wait_run_dirs_gone(w);
}

/* A group of this agent's with a process in it that no shim answers for. */
static void test_leftovers__groups_nobody_answers_for_are_emptied(void **state)
{
    struct world *w = *state;
    struct err e;
    enum cgroup_layout layout;
    char parent[LEFTOVERS_PARENT_BYTES];
    CLEANUP(freep) char *data = text_of("%s/data", w->dir);
    ASSERT_OK(cgroup_layout_find(&layout, &e), e);
    leftovers_name_parent(data, parent);
    CLEANUP(freep)
    char *group = text_of(CGROUP_ROOT "%s%s/%s-1", layout == CGROUP_V2 ? "" : "/pids", parent,
                          ID_TEXT(id_new()));
    CLEANUP(freep) char *members = text_of("%s/cgroup.procs", group);
    char program[] = "sleep";
    char seconds[] = "1000";
    char *argv[] = {program, seconds, NULL};
    int status = 0;

    (void)agent_stop(w, SIGKILL);
    ASSERT_OK(dir_make(group, 0755, &e), e);
    pid_t stray = program_start(argv, -1, NULL);
    CLEANUP(file_closep) FILE *file = fopen(members, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%d\n", (int)stray) > 0 && fflush(file) == 0);

    agent_start(w);
    assert_int_equal(waitpid(stray, &status, 0), stray);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    wait_agent_log(w, "run.swept");
    assert_int_not_equal(access(group, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_adopt__twelve_agents_see_one_run),
        WORLD_TEST(test_upgrade__runs_go_on_under_their_old_shims),
        WORLD_TEST(test_upgrade__another_format_is_refused_and_left_alone),
        WORLD_TEST(test_adopt__what_never_began_begins_now),
        WORLD_TEST(test_leftovers__groups_nobody_answers_for_are_emptied),
    };
    return cmocka_run_group_tests(tests, world_group_set_up, world_group_tear_down);
}
