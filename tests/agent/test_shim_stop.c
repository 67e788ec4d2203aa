/* SPDX-License-Identifier: Apache-2.0
 *
 * Every way a run is ended from outside, and that nothing outlives it.
 */
#include "agent/shim_fixture.h"

#include "base/file.h"
#include "run_lock.h"
#include "shim/control.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const struct shim *shim, const char *word)
{
    struct err e;
    ASSERT_OK(control_send(shim->run_dir, word, &e), e);
}

static void test_shim__timeout_kills_what_ignores_term(void **state)
{
    struct shim *shim = *state;
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 1;
    shim_set_script(shim, "trap 'echo ignored' TERM; while :; do sleep 0.1; done");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_int_equal(shim->record.exit_code, 124);
    assert_string_equal(shim->record.message, "ran longer than 1 seconds");
    assert_in_range(shim_duration_ms(shim), 2000, 3000);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "ignored\n");
}

static void test_shim__timeout_is_124_whatever_term_makes_of_it(void **state)
{
    struct shim *shim = *state;
    shim->spec.timeout_seconds = 1;
    shim_set_script(shim, "trap 'exit 0' TERM; while :; do sleep 0.1; done");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_int_equal(shim->record.exit_code, 124);
    assert_in_range(shim_duration_ms(shim), 1000, 2000);
}

static void test_shim__stop_lets_the_command_end_itself(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "stop");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 7);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "up\nbye\n");
}

static void test_shim__stop_signal_is_the_specs(void **state)
{
    struct shim *shim = *state;
    shim->spec.stop_signal = SIGUSR1;
    shim_set_script(shim, "trap 'exit 8' USR1; echo up; while :; do sleep 0.1; done");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "stop");
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 8);
}

static void test_shim__kill_does_not_wait(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "trap '' TERM; echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "kill");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_in_range(shim_duration_ms(shim), 0, 1000);
}

/* A runtime that is still at it when its container runs, prints and is killed. */
static void test_shim__kill_while_the_runtime_lingers_is_the_commands_end(void **state)
{
    static const char script[] = "#!/bin/sh\n%s \"$@\" || exit\nsleep 20\n";
    struct shim *shim = *state;
    char path[SHIM_PATH_BYTES];
    char text[SHIM_PATH_BYTES];
    struct err e;
    const char *name = strrchr(shim->spec.runtime, '/') + 1;
    assert_true(snprintf(path, sizeof(path), "%s/%s-lingers", shim_root(), name) > 0);
    int n = snprintf(text, sizeof(text), script, shim->spec.runtime);
    ASSERT_OK(file_replace(path, text, (size_t)n, 0755, &e), e);
    free(shim->spec.runtime);
    shim->spec.runtime = strdup(path);
    shim_set_script(shim, "echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "kill");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 137);
}

static void test_shim__stop_while_starting_cancels(void **state)
{
    struct shim *shim = *state;
    struct stat st;
    char path[SHIM_PATH_BYTES + 16];
    assert_true(snprintf(path, sizeof(path), "%s/" CONTROL_SOCKET, shim->run_dir) > 0);
    shim_set_argv(shim, "sleep", "60", NULL);
    shim_start(shim);
    while (stat(path, &st) < 0)
        (void)usleep(200);
    tell(shim, "stop");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_false(shim->record.log_truncated);
}

static void test_shim__sigterm_to_the_shim_ends_the_run_too(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "sleep", "60", NULL);
    shim_start(shim);
    shim_await(shim, "started");
    assert_int_equal(kill(shim->pid, SIGTERM), 0);
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INTERNAL);
    assert_int_equal(shim->record.exit_code, 143);
}

static void test_shim__background_process_does_not_keep_the_run(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "trap '' TERM HUP; (sleep 60; echo late) & echo done");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_in_range(shim_duration_ms(shim), 0, 2000);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "done\n");
    assert_int_equal(shim_count_processes(shim), 0);
}

static void test_shim__runaway_forks_are_killed_at_the_deadline(void **state)
{
    struct shim *shim = *state;
    if (shim->spec.pids_limit == 0)
        return; /* a tree without controllers: nobody would hold it */
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 0;
    shim->spec.log_limit_bytes = 65536;
    shim->spec.memory_bytes = (uint64_t)1 << 30;
    shim_set_script(shim, "trap '' TERM; f() { f | f & }; (f) & while :; do :; done");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_in_range(shim_duration_ms(shim), 1000, 3000);
    assert_int_equal(shim_count_processes(shim), 0);
}

static void test_shim__killed_shim_takes_its_container_with_it(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_set_script(shim, "trap '' TERM; echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    assert_true(shim_count_processes(shim) >= 2);
    assert_true(run_lock_is_held(shim->run_dir));

    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(shim->pid, NULL, 0), shim->pid);
    int lock_fd = -1;
    ASSERT_OK(run_lock_wait(shim->run_dir, &lock_fd, &e), e);
    (void)close(lock_fd);
    for (int i = 0; i < 1000 && shim_count_processes(shim) > 0; i++)
        (void)usleep(1000);
    assert_int_equal(shim_count_processes(shim), 0);

    assert_int_equal(exit_record_read(shim->run_dir, &shim->record, &e), ERR_NOT_FOUND);
    assert_int_equal(shim_reap(shim), 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    assert_int_equal(shim->record.reason, TERMINATION_INTERNAL);
    assert_int_equal(shim->record.exit_code, -1);
    assert_int_equal(shim->record.last_line, 1);
    assert_true(shim->record.started_at_us > 0);
    shim_assert_only_record_is_left(shim);
    assert_int_equal(shim_reap(shim), 0);
}

static void test_shim__killed_while_starting_leaves_nothing_after_reap(void **state)
{
    struct shim *shim = *state;
    struct err e;
    /* the moments between the runtime's steps: kill after 0, 1, 2 ... ms */
    for (useconds_t after_ms = 0; after_ms < 16; after_ms++) {
        struct shim *one;
        assert_int_equal(shim_setup((void **)&one), 0);
        shim_set_argv(one, "sleep", "60", NULL);
        shim_start(one);
        (void)usleep(after_ms * 2000);
        assert_int_equal(kill(one->pid, SIGKILL), 0);
        assert_int_equal(waitpid(one->pid, NULL, 0), one->pid);
        assert_int_equal(shim_reap(one), 0);
        assert_int_equal(shim_count_processes(one), 0);
        ASSERT_OK(exit_record_read(one->run_dir, &one->record, &e), e);
        assert_int_equal(one->record.reason, TERMINATION_INTERNAL);
        assert_int_equal(shim_teardown((void **)&one), 0);
    }
    (void)shim;
}

static void test_shim__reap_refuses_while_the_shim_lives(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "sleep", "60", NULL);
    shim_start(shim);
    shim_await(shim, "started");
    pid_t pid = shim->pid;
    assert_int_not_equal(shim_reap(shim), 0);
    shim->pid = pid;
    assert_int_equal(shim_count_processes(shim), 2);
    tell(shim, "kill");
    shim_finish(shim);
}

static void test_shim__reap_keeps_a_record_that_exists(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_set_script(shim, "exit 9");
    shim_run(shim);
    assert_int_equal(shim_reap(shim), 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    assert_int_equal(shim->record.exit_code, 9);
}

static void test_shim__start_that_fails_says_why(void **state)
{
    struct shim *shim = *state;
    free(shim->spec.runtime);
    shim->spec.runtime = strdup("/bin/false");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_int_equal(shim->record.exit_code, -1);
    assert_string_equal(shim->record.message, "container runtime: exit code 1");
}

static void test_shim__missing_layer_fails_the_start(void **state)
{
    struct shim *shim = *state;
    struct err e;
    ASSERT_OK(text_list_add(&shim->spec.layers, "/no/such/layer", &e), e);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
    assert_string_equal(shim->record.message,
                        "open layer /no/such/layer: No such file or directory");
}

static void test_shim__start_that_hangs_is_killed(void **state)
{
    struct shim *shim = *state;
    char path[SHIM_PATH_BYTES + 16];
    assert_true(snprintf(path, sizeof(path), "%s/crun", shim->run_dir) > 0);
    FILE *script = fopen(path, "we");
    assert_non_null(script);
    assert_true(fputs("#!/bin/sh\nsleep 60 & sleep 60\n", script) >= 0);
    assert_int_equal(fclose(script), 0);
    assert_int_equal(chmod(path, 0755), 0);
    free(shim->spec.runtime);
    shim->spec.runtime = strdup(path);
    shim->spec.start_timeout_seconds = 1;
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_START_FAILED);
}

SHIM_MAIN(SHIM_TEST(test_shim__timeout_kills_what_ignores_term),
          SHIM_TEST(test_shim__timeout_is_124_whatever_term_makes_of_it),
          SHIM_TEST(test_shim__stop_lets_the_command_end_itself),
          SHIM_TEST(test_shim__stop_signal_is_the_specs), SHIM_TEST(test_shim__kill_does_not_wait),
          SHIM_TEST(test_shim__kill_while_the_runtime_lingers_is_the_commands_end),
          SHIM_TEST(test_shim__stop_while_starting_cancels),
          SHIM_TEST(test_shim__sigterm_to_the_shim_ends_the_run_too),
          SHIM_TEST(test_shim__background_process_does_not_keep_the_run),
          SHIM_TEST(test_shim__runaway_forks_are_killed_at_the_deadline),
          SHIM_TEST(test_shim__killed_shim_takes_its_container_with_it),
          SHIM_TEST(test_shim__killed_while_starting_leaves_nothing_after_reap),
          SHIM_TEST(test_shim__reap_refuses_while_the_shim_lives),
          SHIM_TEST(test_shim__reap_keeps_a_record_that_exists),
          SHIM_TEST(test_shim__start_that_fails_says_why),
          SHIM_TEST(test_shim__missing_layer_fails_the_start),
          SHIM_TEST(test_shim__start_that_hangs_is_killed))
