/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract: every way a run is ended from outside, and that nothing is left of it.
 */
#include "agent/contract/contract.h"

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

static void test_contract__timeout_kills_what_ignores_term(void **state)
{
    struct shim *shim = *state;
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 1;
    shim_set_script(shim, "trap 'echo ignored' TERM; while :; do sleep 0.1; done");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_int_equal(shim->record.exit_code, 124);
    assert_in_range(shim_duration_ms(shim), 2000, 5000);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "ignored\n");
}

static void test_contract__stop_lets_the_command_end_itself(void **state)
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

static void test_contract__stop_signal_is_the_specs(void **state)
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

static void test_contract__stop_ends_what_has_no_handler(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo up; exec sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "stop");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 143);
    assert_in_range(shim_duration_ms(shim), 0, 4000);
}

static void test_contract__stop_kills_after_the_grace(void **state)
{
    struct shim *shim = *state;
    shim->spec.stop_grace_seconds = 1;
    shim_set_script(shim, "trap '' TERM; echo up; while :; do sleep 0.1; done");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "stop");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_in_range(shim_duration_ms(shim), 1000, 4000);
}

static void test_contract__kill_does_not_wait(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "trap '' TERM; echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    tell(shim, "kill");
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_CANCELED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_in_range(shim_duration_ms(shim), 0, 4000);
}

/* Told at moments spread over the start. */
static void test_contract__stop_while_starting_cancels(void **state)
{
    (void)state;
    for (useconds_t after_us = 0; after_us < 300000; after_us = after_us * 3 + 25000) {
        struct stat st;
        struct shim *one;
        char path[SHIM_PATH_BYTES + 16];
        assert_int_equal(shim_setup((void **)&one), 0);
        assert_true(snprintf(path, sizeof(path), "%s/" CONTROL_SOCKET, one->run_dir) > 0);
        one->spec.stop_grace_seconds = 0;
        shim_set_argv(one, "sleep", "60", NULL);
        shim_start(one);
        while (stat(path, &st) < 0)
            (void)usleep(200);
        (void)usleep(after_us);
        tell(one, "stop");
        shim_finish(one);
        assert_int_equal(one->record.reason, TERMINATION_CANCELED);
        shim_assert_only_record_is_left(one);
        assert_int_equal(shim_teardown((void **)&one), 0);
    }
}

static void test_contract__background_process_does_not_keep_the_run(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "trap '' TERM HUP; (sleep 60; echo late) & echo done");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_in_range(shim_duration_ms(shim), 0, 4000);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "done\n");
}

static void test_contract__many_processes_go_at_the_deadline(void **state)
{
    struct shim *shim = *state;
    shim->spec.timeout_seconds = 1;
    shim->spec.stop_grace_seconds = 0;
    shim_set_script(shim, "trap '' TERM; for i in $(seq 1 40); do (trap '' TERM; sleep 61) & done; "
                          "wait");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_TIMEOUT);
    assert_in_range(shim_duration_ms(shim), 1000, 4000);
}

static void test_contract__sigterm_to_the_shim_ends_the_run_too(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "sleep", "60", NULL);
    shim_start(shim);
    shim_await(shim, "started");
    assert_int_equal(kill(shim->pid, SIGTERM), 0);
    shim_finish(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INTERNAL);
}

static void kill_shim(struct shim *shim)
{
    assert_int_equal(kill(shim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(shim->pid, NULL, 0), shim->pid);
    CLEANUP(fd_closep) int lock_fd = -1;
    struct err e;
    ASSERT_OK(run_lock_wait(shim->run_dir, &lock_fd, &e), e);
}

/* The group's teardown sees to it that no process, container or control group is left. */
static void test_contract__killed_shim_is_reaped(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_set_script(shim, "trap '' TERM; echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    kill_shim(shim);
    assert_int_equal(exit_record_read(shim->run_dir, &shim->record, &e), ERR_NOT_FOUND);
    assert_int_equal(shim_reap(shim), 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    assert_int_equal(shim->record.reason, TERMINATION_INTERNAL);
    assert_int_equal(shim->record.last_line, 1);
    shim_assert_only_record_is_left(shim);
    assert_int_equal(shim_reap(shim), 0);
}

static void test_contract__killed_while_starting_leaves_nothing_after_reap(void **state)
{
    (void)state;
    struct err e;
    struct shim *shims[7];
    for (size_t i = 0; i < ARRAY_LEN(shims); i++) {
        assert_int_equal(shim_setup((void **)&shims[i]), 0);
        shim_set_argv(shims[i], "sleep", "60", NULL);
        shim_start(shims[i]);
        (void)usleep(i == 0 ? 0 : 2000U << i);
        kill_shim(shims[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(shims); i++) {
        assert_int_equal(shim_reap(shims[i]), 0);
        ASSERT_OK(exit_record_read(shims[i]->run_dir, &shims[i]->record, &e), e);
        assert_int_equal(shims[i]->record.reason, TERMINATION_INTERNAL);
        assert_int_equal(shim_teardown((void **)&shims[i]), 0);
    }
}

/* PID 1 is the shim's child by then, and its namespace ends with it. */
static void test_contract__killed_shim_takes_everything_with_it(void **state)
{
    struct shim *shim = *state;
    struct err e;
    char path[64];
    char name[SHIM_PATH_BYTES];
    shim_set_script(shim, "trap '' TERM; sleep 60");
    shim_start(shim);
    shim_await(shim, "started");
    assert_true(snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)shim->pid,
                         (int)shim->pid) > 0);
    CLEANUP(file_closep) FILE *children = fopen(path, "re");
    int init = 0;
    assert_non_null(children);
    assert_non_null(fgets(name, sizeof(name), children));
    init = (int)strtoll(name, NULL, 10);
    assert_true(init > 1);
    kill_shim(shim);
    for (int i = 0; i < 2000 && kill(init, 0) == 0; i++)
        (void)usleep(1000);
    assert_int_equal(kill(init, 0), -1);
    assert_int_equal(shim_reap(shim), 0);
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
}

const struct contract_row contract_stop[] = {
    CONTRACT_ROW(test_contract__timeout_kills_what_ignores_term),
    CONTRACT_ROW(test_contract__stop_lets_the_command_end_itself),
    CONTRACT_ROW(test_contract__stop_signal_is_the_specs),
    CONTRACT_ROW(test_contract__stop_ends_what_has_no_handler),
    CONTRACT_ROW(test_contract__stop_kills_after_the_grace),
    CONTRACT_ROW(test_contract__kill_does_not_wait),
    CONTRACT_ROW(test_contract__stop_while_starting_cancels),
    CONTRACT_ROW(test_contract__background_process_does_not_keep_the_run),
    CONTRACT_ROW(test_contract__many_processes_go_at_the_deadline),
    CONTRACT_ROW(test_contract__sigterm_to_the_shim_ends_the_run_too),
    CONTRACT_ROW(test_contract__killed_shim_is_reaped),
    CONTRACT_ROW(test_contract__killed_while_starting_leaves_nothing_after_reap),
    CONTRACT_ROW_IF(test_contract__killed_shim_takes_everything_with_it,
                    DRIVER_CAN(DIES_WITH_SHIM)),
    {.needs = 0},
};
