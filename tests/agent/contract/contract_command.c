/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract: what a command is given and how its end is told.
 */
#include "agent/contract/contract.h"

#include <string.h>

static void test_contract__true_ends_with_zero(void **state)
{
    struct shim *shim = *state;
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 0);
    assert_int_equal(shim->record.last_line, 0);
    assert_true(shim->record.started_at_us > 0);
    assert_false(shim->record.oom_killed);
    shim_assert_only_record_is_left(shim);
}

static void test_contract__exit_code_is_the_commands(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "exit 42");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 42);
}

static void test_contract__signal_is_128_more(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "kill -SEGV $$");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 128 + 11);
}

static void test_contract__own_kill_is_not_taken_for_memory(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "kill -KILL $$");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 137);
    assert_false(shim->record.oom_killed);
}

static void assert_refused(struct shim *shim, int exit_code, const char *words)
{
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_int_equal(shim->record.exit_code, exit_code);
    if (strstr(shim->record.message, words) == NULL)
        fail_msg("\"%s\" does not tell of %s", shim->record.message, words);
}

static void test_contract__missing_command_is_127(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "no-such-program", "x", NULL);
    assert_refused(shim, 127, "no-such-program");
}

static void test_contract__missing_path_is_127(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "/bin/nowhere", NULL);
    assert_refused(shim, 127, "/bin/nowhere");
}

static void test_contract__not_executable_is_126(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "not-executable", NULL);
    assert_refused(shim, 126, "not-executable");
}

/* The same codes from a command that ran are the command's. */
static void test_contract__codes_of_refusal_may_be_the_commands(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo 'sh: nope: not found' >&2; exit 127");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 127);
    assert_true(shim->record.started_at_us > 0);
}

static void test_contract__arguments_arrive_untouched(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "[%s]\\n", "a b", "", "$HOME", "\"'\\", "ü\tx", "two\nlines", "",
                  NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "[a b]\n[]\n[$HOME]\n[\"'\\]\n[ü\tx]\n[two\nlines]\n[]\n");
}

static void test_contract__environment_arrives_untouched(void **state)
{
    struct shim *shim = *state;
    shim_add_env(shim, "PLAIN=hello  world=!");
    shim_add_env(shim, "EMPTY=");
    shim_add_env(shim, "ODD=\"'\\$(id) `id`\tü\x01");
    shim_add_env(shim, "LINES=one\ntwo\n");
    shim_add_env(shim, "HOME=/elsewhere");
    shim_set_script(shim,
                    "printf '%s|' \"$PLAIN\" \"${EMPTY-unset}\" \"$ODD\" \"$LINES\" \"$HOME\"");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "hello  world=!||\"'\\$(id) `id`\tü\x01|one\ntwo\n|/elsewhere|\n");
}

static void test_contract__defaults_of_the_environment(void **state)
{
    struct shim *shim = *state;
    shim->spec.hostname = strdup("box");
    shim_set_script(shim, "echo \"$PATH|$HOME|$HOSTNAME|$(hostname)\"");
    shim_run(shim);
    shim_assert_text(
        shim, LOG_STREAM_STDOUT,
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|/root|box|box\n");
}

static void test_contract__working_directory_is_the_specs(void **state)
{
    struct shim *shim = *state;
    shim->spec.cwd = strdup("/tmp");
    shim_set_argv(shim, "pwd", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "/tmp\n");
}

static void test_contract__missing_working_directory_is_made(void **state)
{
    struct shim *shim = *state;
    shim->spec.cwd = strdup("/srv/deep/er");
    shim_set_argv(shim, "pwd", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "/srv/deep/er\n");
}

static void test_contract__user_by_number(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("4000:4001");
    shim_set_script(shim, "id -u; id -g");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "4000\n4001\n");
}

static void test_contract__user_by_name_has_home_and_groups(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("worker");
    shim_set_script(shim, "id -u; id -g; id -G; echo $HOME");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1234\n1235\n1235 1236\n/home/worker\n");
}

static void test_contract__unknown_user_is_told(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("nobody-here");
    assert_refused(shim, 126, "nobody-here");
}

static void test_contract__orphans_are_reaped(void **state)
{
    struct shim *shim = *state;
    /* the command itself waits for nobody */
    shim_set_script(shim, "( (sleep 0.1 &) ; sleep 0.4; "
                          "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l) & "
                          "exec sleep 0.8");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "0\n");
}

static void test_contract__processes_are_its_own(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "set -- /proc/[0-9]*; echo $#");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "2\n");
}

const struct contract_row contract_command[] = {
    CONTRACT_ROW(test_contract__true_ends_with_zero),
    CONTRACT_ROW(test_contract__exit_code_is_the_commands),
    CONTRACT_ROW(test_contract__signal_is_128_more),
    CONTRACT_ROW(test_contract__own_kill_is_not_taken_for_memory),
    CONTRACT_ROW(test_contract__missing_command_is_127),
    CONTRACT_ROW(test_contract__missing_path_is_127),
    CONTRACT_ROW(test_contract__not_executable_is_126),
    CONTRACT_ROW(test_contract__codes_of_refusal_may_be_the_commands),
    CONTRACT_ROW(test_contract__arguments_arrive_untouched),
    CONTRACT_ROW(test_contract__environment_arrives_untouched),
    CONTRACT_ROW_IF(test_contract__defaults_of_the_environment, DRIVER_CAN(IMAGE)),
    CONTRACT_ROW(test_contract__working_directory_is_the_specs),
    CONTRACT_ROW_IF(test_contract__missing_working_directory_is_made, DRIVER_CAN(IMAGE)),
    CONTRACT_ROW(test_contract__user_by_number),
    CONTRACT_ROW_IF(test_contract__user_by_name_has_home_and_groups, DRIVER_CAN(IMAGE)),
    CONTRACT_ROW(test_contract__unknown_user_is_told),
    CONTRACT_ROW(test_contract__orphans_are_reaped),
    CONTRACT_ROW(test_contract__processes_are_its_own),
    {.needs = 0},
};
