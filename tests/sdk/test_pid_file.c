/* SPDX-License-Identifier: Apache-2.0
 *
 * A pid file finds its process, and never another one.
 */
#include "support/test.h"

#include "stack/pid_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[] = "/tmp/errand-pid-XXXXXX";

static int make_path(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 || close(fd) < 0 ? -1 : 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_text(const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void read_text(char *ret_text, int n)
{
    FILE *in = fopen(path, "r");

    assert_non_null(in);
    assert_non_null(fgets(ret_text, n, in));
    assert_int_equal(fclose(in), 0);
}

static pid_t start_sleeper(void)
{
    pid_t child = fork();

    if (child == 0) {
        (void)pause();
        _exit(0);
    }
    assert_true(child > 0);
    return child;
}

static void test_find__a_living_process(void **state)
{
    pid_t child = start_sleeper();
    pid_t found = 0;
    int pidfd = -1;

    (void)state;
    assert_int_equal(pid_file_write(path, child), 0);
    assert_int_equal(pid_file_find(path, &found, &pidfd), 1);
    assert_int_equal(found, child);
    assert_true(pidfd >= 0);
    (void)close(pidfd);
    assert_int_equal(pid_file_find(path, &found, NULL), 1);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    assert_int_equal(pid_file_find(path, &found, NULL), 0);
}

static void test_find__a_zombie_is_gone(void **state)
{
    pid_t child = start_sleeper();
    siginfo_t info;
    pid_t found;

    (void)state;
    assert_int_equal(pid_file_write(path, child), 0);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(pid_file_find(path, &found, NULL), 0);
    (void)waitpid(child, NULL, 0);
}

static void test_find__a_number_taken_over_is_not_ours(void **state)
{
    char text[128];
    char changed[160];
    unsigned long long ticks;
    char *boot;
    pid_t found;

    (void)state;
    assert_int_equal(pid_file_write(path, getpid()), 0);
    assert_int_equal(pid_file_find(path, &found, NULL), 1);
    read_text(text, sizeof(text));
    ticks = strtoull(strchr(text, ' '), &boot, 10);

    (void)snprintf(changed, sizeof(changed), "%d %llu%s", (int)getpid(), ticks - 1, boot);
    write_text(changed);
    assert_int_equal(pid_file_find(path, &found, NULL), 0);

    boot[1] = boot[1] == '0' ? '1' : '0';
    (void)snprintf(changed, sizeof(changed), "%d %llu%s", (int)getpid(), ticks, boot);
    write_text(changed);
    assert_int_equal(pid_file_find(path, &found, NULL), 0);
}

static void test_find__what_is_no_pid_file_names_nobody(void **state)
{
    static const char *const wrong[] = {
        "", "\n", "1 1 x\n", "-1 5 x\n", "abc", "99999999999 1 x\n", "12", "12 0 x\n"};
    pid_t found;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        write_text(wrong[i]);
        assert_int_equal(pid_file_find(path, &found, NULL), 0);
    }
    assert_int_equal(pid_file_find("/nonexistent/x.pid", &found, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find__a_living_process),
        cmocka_unit_test(test_find__a_zombie_is_gone),
        cmocka_unit_test(test_find__a_number_taken_over_is_not_ours),
        cmocka_unit_test(test_find__what_is_no_pid_file_names_nobody),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
