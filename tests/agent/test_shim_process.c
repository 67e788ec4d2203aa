/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command is given and how its end is told.
 */
#include "agent/shim_fixture.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

static void test_shim__true_ends_with_zero(void **state)
{
    struct shim *shim = *state;
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 0);
    assert_int_equal(shim->record.last_line, 0);
    assert_true(shim->record.started_at_us > 0);
    assert_true(shim->record.finished_at_us >= shim->record.started_at_us);
    if (shim->spec.memory_bytes > 0)
        assert_true(shim->record.memory_peak_bytes > 0);
    assert_false(shim->record.oom_killed);
    shim_assert_only_record_is_left(shim);
}

static void test_shim__exit_code_is_the_commands(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "exit 42");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 42);
}

static void test_shim__signal_is_128_more(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "kill -SEGV $$");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 128 + 11);
}

static void test_shim__missing_command_is_127(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "no-such-program", "x", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_int_equal(shim->record.exit_code, 127);
    assert_string_equal(shim->record.message, "no-such-program: executable file not found in PATH");
    assert_int_equal(shim->record.started_at_us, 0);
}

static void test_shim__missing_path_is_127(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "/bin/nowhere", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_int_equal(shim->record.exit_code, 127);
}

static void test_shim__not_executable_is_126(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "not-executable", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_int_equal(shim->record.exit_code, 126);
    assert_string_equal(shim->record.message, "not-executable: Permission denied");
}

static void test_shim__no_format_is_126(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "/bin/no-format", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_int_equal(shim->record.exit_code, 126);
}

static void test_shim__arguments_arrive_untouched(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "[%s]\\n", "a b", "", "$HOME", "\"'\\", "ü\tx", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "[a b]\n[]\n[$HOME]\n[\"'\\]\n[ü\tx]\n");
}

static void test_shim__environment_has_dockers_defaults_and_ours_wins(void **state)
{
    struct shim *shim = *state;
    shim->spec.hostname = strdup("box");
    shim_add_env(shim, "GREETING=hello  world=!");
    shim_add_env(shim, "HOME=/elsewhere");
    shim_set_script(shim, "echo \"$PATH|$HOME|$HOSTNAME|$GREETING|$(hostname)\"");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT,
                     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|/elsewhere|box|"
                     "hello  world=!|box\n");
}

static void test_shim__path_of_the_environment_is_searched(void **state)
{
    struct shim *shim = *state;
    shim_add_env(shim, "PATH=/nowhere");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 127);
}

static void test_shim__user_by_name_has_home_and_groups(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("worker");
    shim_set_script(shim, "id -u; id -g; id -G; echo $HOME");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "1234\n1235\n1235 1236\n/home/worker\n");
}

static void test_shim__user_by_number_and_group(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("4000:extra");
    shim_set_script(shim, "id -u; id -G; echo $HOME; grep -c '^Groups:.*[0-9]' /proc/self/status");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "4000\n1236\n/\n0\n");
}

static void test_shim__unknown_user_is_told(void **state)
{
    struct shim *shim = *state;
    shim->spec.user = strdup("nobody-here");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_INVALID_COMMAND);
    assert_string_equal(shim->record.message,
                        "nobody-here: user is not in the image's /etc/passwd");
}

static void test_shim__working_directory_is_made(void **state)
{
    struct shim *shim = *state;
    shim->spec.cwd = strdup("/srv/deep/er");
    shim_set_argv(shim, "pwd", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "/srv/deep/er\n");
}

static void test_shim__orphans_are_reaped_and_do_not_prolong(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "(sleep 0.1 &) ; sleep 60 & sleep 0.3; ls -d /proc/[0-9]* | wc -l; "
                          "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_true(shim_duration_ms(shim) < 5000);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_string_equal(text + strcspn(text, "\n"), "\n0\n");
}

static void test_shim__layers_are_stacked_and_writes_stay_out_of_them(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "cat /etc/layer; echo new >/etc/layer && cat /etc/layer && rm -r /tmp");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "high\nnew\n");

    struct shim *again;
    assert_int_equal(shim_setup((void **)&again), 0);
    shim_set_script(again, "cat /etc/layer; ls -d /tmp");
    shim_run(again);
    shim_assert_text(again, LOG_STREAM_STDOUT, "high\n/tmp\n");
    assert_int_equal(shim_teardown((void **)&again), 0);
}

static void test_shim__etc_files_are_its_own_and_writable(void **state)
{
    struct shim *shim = *state;
    shim->spec.hostname = strdup("box");
    shim_set_script(shim,
                    "cat /etc/hostname; grep -c 'localhost' /etc/hosts; stat -c %a /etc; "
                    "echo x >/etc/hosts.new && mv /etc/hosts.new /etc/hosts && cat /etc/hosts");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "box\n2\n755\nx\n");
}

static void test_shim__etc_may_be_a_symbolic_link(void **state)
{
    struct shim *shim = *state;
    struct err e;
    char layer[SHIM_PATH_BYTES];
    char path[SHIM_PATH_BYTES + 8];
    assert_true(snprintf(layer, sizeof(layer), "%s.layer", shim->run_dir) > 0);
    assert_true(snprintf(path, sizeof(path), "%s/real", layer) > 0);
    ASSERT_OK(dir_make(path, 0755, &e), e);
    assert_true(snprintf(path, sizeof(path), "%s/etc", layer) > 0);
    assert_int_equal(symlink("real", path), 0);
    ASSERT_OK(text_list_add(&shim->spec.layers, layer, &e), e);
    shim->spec.hostname = strdup("box");
    shim_set_script(shim, "cat /etc/hostname /real/hostname");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "box\nbox\n");
}

SHIM_MAIN(SHIM_TEST(test_shim__true_ends_with_zero),
          SHIM_TEST(test_shim__exit_code_is_the_commands), SHIM_TEST(test_shim__signal_is_128_more),
          SHIM_TEST(test_shim__missing_command_is_127), SHIM_TEST(test_shim__missing_path_is_127),
          SHIM_TEST(test_shim__not_executable_is_126), SHIM_TEST(test_shim__no_format_is_126),
          SHIM_TEST(test_shim__arguments_arrive_untouched),
          SHIM_TEST(test_shim__environment_has_dockers_defaults_and_ours_wins),
          SHIM_TEST(test_shim__path_of_the_environment_is_searched),
          SHIM_TEST(test_shim__user_by_name_has_home_and_groups),
          SHIM_TEST(test_shim__user_by_number_and_group),
          SHIM_TEST(test_shim__unknown_user_is_told),
          SHIM_TEST(test_shim__working_directory_is_made),
          SHIM_TEST(test_shim__orphans_are_reaped_and_do_not_prolong),
          SHIM_TEST(test_shim__etc_files_are_its_own_and_writable),
          SHIM_TEST(test_shim__etc_may_be_a_symbolic_link),
          SHIM_TEST(test_shim__layers_are_stacked_and_writes_stay_out_of_them))
