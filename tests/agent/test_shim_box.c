/* SPDX-License-Identifier: Apache-2.0
 *
 * A box: made without a run, given to one, and to one only.
 */
#include "agent/shim_fixture.h"

#include "base/clock.h"
#include "base/file.h"
#include "drivers/address_lease.h"
#include "shim/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "SECRET=s3cr3t value"

/* The box's own identity, while the fixture's spec is that of the run. */
static struct id make_box(struct shim *shim)
{
    struct run_spec run = shim->spec;
    struct id box = id_new();
    shim->spec.run = box;
    shim->spec.attempt = RUN_SPEC_BOX;
    shim->spec.argv = (struct text_list){0};
    shim->spec.env = (struct text_list){0};
    if (shim->spec.wait_seconds == 0)
        shim->spec.wait_seconds = 30;
    shim_start(shim);
    shim->spec = run;
    return box;
}

static void await_ready(const struct shim *shim, struct id box)
{
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "ready %s/0", ID_TEXT(box));
    shim_await_word(shim, expected);
}

static struct id make_ready_box(struct shim *shim)
{
    struct id box = make_box(shim);
    await_ready(shim, box);
    return box;
}

static int spec_file(const struct run_spec *spec)
{
    struct err e;
    CLEANUP(buf_done) struct buf text;
    buf_init(&text, RUN_SPEC_MAX_BYTES);
    ASSERT_OK(run_spec_encode(spec, &text, &e), e);
    int fd = memfd_create("spec", MFD_CLOEXEC);
    assert_int_equal(write(fd, text.data, text.len), (ssize_t)text.len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void give(const struct shim *shim, const struct run_spec *spec)
{
    struct err e;
    CLEANUP(fd_closep) int fd = spec_file(spec);
    ASSERT_OK(control_send_run(shim->run_dir, fd, &e), e);
}

/* Its exit status. */
static int wait_end(struct shim *shim)
{
    int status;
    assert_int_equal(waitpid(shim->pid, &status, 0), shim->pid);
    shim->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_file(const struct shim *shim, const char *name)
{
    char path[SHIM_PATH_BYTES + 32];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", shim->run_dir, name);
    return lstat(path, &st) == 0;
}

static void assert_nothing_is_left(struct shim *shim)
{
    assert_false(has_file(shim, "exit.json"));
    assert_false(has_file(shim, "overlay"));
    assert_false(has_file(shim, "scratch"));
    assert_false(has_file(shim, "control.sock"));
    assert_int_equal(shim_count_processes(shim), 0);
}

static void test_box__runs_what_it_is_given(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo $SECRET; echo $0; id -u; pwd >&2; exit 3");
    shim_add_env(shim, "SECRET=seen");
    free(shim->spec.user);
    shim->spec.user = strdup("worker");
    shim->spec.cwd = strdup("/tmp");
    (void)make_ready_box(shim);
    give(shim, &shim->spec);
    shim_await(shim, "started");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 3);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "seen\nsh\n1234\n");
    shim_assert_text(shim, LOG_STREAM_STDERR, "/tmp\n");
    assert_true(shim->record.cpu_ms > 0 || shim->record.memory_peak_bytes > 0);
    shim_assert_only_record_is_left(shim);
}

/* It may take its time to be ready. */
static void test_box__may_be_given_its_run_before_it_is_ready(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_set_script(shim, "echo early");
    (void)make_box(shim);
    CLEANUP(fd_closep) int fd = spec_file(&shim->spec);
    while (control_send_run(shim->run_dir, fd, &e) < 0)
        (void)usleep(200);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "early\n");
}

static void test_box__serves_one_run_and_no_second(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo first; sleep 1; echo again");
    (void)make_ready_box(shim);
    struct run_spec second = shim->spec;
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo second"}, NULL};
    second.run = id_new();
    second.argv = (struct text_list){.items = (char **)(uintptr_t)argv, .n = 3};
    give(shim, &shim->spec);
    give(shim, &second);
    shim_await(shim, "log");
    give(shim, &second);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "first\nagain\n");
}

/* A box is what it was made: a run that was promised another sandbox is not run in it. */
static void test_box__refuses_a_run_that_needs_another_sandbox(void **state)
{
    struct shim *shim = *state;
    (void)make_ready_box(shim);
    shim->spec.read_only = true;
    give(shim, &shim->spec);
    assert_int_equal(wait_end(shim), 0);
    assert_nothing_is_left(shim);
}

static void test_box__holds_nothing_of_the_run_before_it_is_given(void **state)
{
    struct shim *shim = *state;
    char path[64];
    CLEANUP(buf_done) struct buf environ;
    buf_init(&environ, 1 << 20);
    shim_set_script(shim, "echo $SECRET | wc -c; sleep 60");
    shim_add_env(shim, SECRET);
    (void)make_ready_box(shim);
    assert_false(shim_disk_holds(shim, "s3cr3t"));
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)shim->pid);
    assert_int_equal(file_read(path, &environ, NULL), 0);
    assert_null(strstr(buf_text(&environ), "s3cr3t"));
    give(shim, &shim->spec);
    shim_await(shim, "log");
    assert_false(shim_disk_holds(shim, "s3cr3t"));
    ASSERT_OK(control_send(shim->run_dir, "kill", &(struct err){.code = 0}),
              (struct err){.code = 0});
    shim_finish(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "13\n");
}

static void test_box__nobody_wants_goes_by_itself(void **state)
{
    struct shim *shim = *state;
    shim->spec.wait_seconds = 1;
    (void)make_ready_box(shim);
    int64_t from_us = clock_mono_us();
    assert_int_equal(wait_end(shim), 0);
    assert_in_range(clock_mono_us() - from_us, 900 * CLOCK_US_PER_MS, 10 * CLOCK_US_PER_S);
    assert_nothing_is_left(shim);
}

/* The time it has waited is not the run's. */
static void test_box__counts_no_time_before_its_run(void **state)
{
    struct shim *shim = *state;
    shim->spec.timeout_seconds = 1;
    shim->spec.wait_seconds = 2;
    shim_set_argv(shim, "sleep", "60", NULL);
    (void)make_ready_box(shim);
    (void)usleep(1200000);
    give(shim, &shim->spec);
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_int_equal(shim->record.exit_code, 124);
    assert_in_range(shim_duration_ms(shim), 1000, 2500);
}

static void test_box__is_removed_when_told_to(void **state)
{
    static const char *const words[] = {"kill", "stop"};
    struct shim *shim = *state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        struct err e;
        (void)make_ready_box(shim);
        ASSERT_OK(control_send(shim->run_dir, words[i], &e), e);
        assert_int_equal(wait_end(shim), 0);
        assert_nothing_is_left(shim);
        assert_false(has_file(shim, "status.json"));
    }
}

static void test_box__of_a_killed_shim_is_reaped_without_a_record(void **state)
{
    struct shim *shim = *state;
    (void)make_ready_box(shim);
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(wait_end(shim), 128 + SIGKILL);
    assert_int_equal(shim_reap(shim), 0);
    assert_nothing_is_left(shim);
}

/* From its first moment on it is the run's: whoever reaps it tells of the run. */
static void test_box__of_a_killed_shim_with_a_run_leaves_its_record(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_set_script(shim, "echo up; sleep 60");
    (void)make_ready_box(shim);
    give(shim, &shim->spec);
    shim_await(shim, "log");
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(wait_end(shim), 128 + SIGKILL);
    assert_int_equal(shim_reap(shim), 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    assert_true(id_equal(shim->record.run, shim->spec.run));
    assert_int_equal(shim->record.reason, TERMINATION_INTERNAL);
    assert_int_equal(shim_count_processes(shim), 0);
}

static void test_box__that_cannot_be_made_says_so(void **state)
{
    struct shim *shim = *state;
    free(shim->spec.layers.items[0]);
    shim->spec.layers.items[0] = strdup("/nowhere");
    (void)make_box(shim);
    assert_int_equal(wait_end(shim), 1);
    assert_nothing_is_left(shim);
}

/* Its dir takes the run's place while it waits. */
static void test_box__may_be_moved_while_it_waits(void **state)
{
    struct shim *shim = *state;
    char moved[SHIM_PATH_BYTES];
    shim_set_script(shim, "echo moved > /tmp/x; cat /tmp/x");
    (void)make_ready_box(shim);
    assert_true(snprintf(moved, sizeof(moved), "%.200s-moved", shim->run_dir) > 0);
    assert_int_equal(rename(shim->run_dir, moved), 0);
    memcpy(shim->run_dir, moved, sizeof(moved));
    give(shim, &shim->spec);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "moved\n");
    shim_assert_only_record_is_left(shim);
}

static void test_box__untrusted_is_one_too(void **state)
{
    struct shim *shim = *state;
    shim_set_sandbox(shim, RUN_SANDBOX_UNTRUSTED);
    shim_set_script(shim, "id -u; cat /proc/self/uid_map | wc -l");
    (void)make_ready_box(shim);
    give(shim, &shim->spec);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "0\n1\n");
}

SHIM_MAIN(SHIM_TEST(test_box__runs_what_it_is_given),
          SHIM_TEST(test_box__may_be_given_its_run_before_it_is_ready),
          SHIM_TEST(test_box__serves_one_run_and_no_second),
          SHIM_TEST(test_box__refuses_a_run_that_needs_another_sandbox),
          SHIM_TEST(test_box__holds_nothing_of_the_run_before_it_is_given),
          SHIM_TEST(test_box__nobody_wants_goes_by_itself),
          SHIM_TEST(test_box__counts_no_time_before_its_run),
          SHIM_TEST(test_box__is_removed_when_told_to),
          SHIM_TEST(test_box__of_a_killed_shim_is_reaped_without_a_record),
          SHIM_TEST(test_box__of_a_killed_shim_with_a_run_leaves_its_record),
          SHIM_TEST(test_box__that_cannot_be_made_says_so),
          SHIM_TEST(test_box__may_be_moved_while_it_waits),
          SHIM_TEST(test_box__untrusted_is_one_too))
