/* SPDX-License-Identifier: Apache-2.0
 *
 * Control groups made for real, by root: on this machine's own layout, and on the v2 tree beside
 * v1, which has no controllers but takes processes and device programs. v2 with its controllers:
 * tests/vm.
 */
#include "support/test.h"

#include "base/parse.h"
#include "drivers/cgroup_devices.h"
#include "drivers/cgroup_file.h"
#include "drivers/cgroup_make.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_OUTSIDE 100

static enum cgroup_layout host_layout(void)
{
    struct err e;
    enum cgroup_layout layout;
    ASSERT_OK(cgroup_layout_find(&layout, &e), e);
    return layout;
}

static const char *group_of(const char *above, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/errand/make-test-%d", above, getpid());
    return path;
}

static void remove_group(enum cgroup_layout layout, const char *path)
{
    struct err e;
    ASSERT_OK(cgroup_remove(layout, path, &e), e);
}

/* The exit code of `fn` in a child that was started in the group. */
static int run_inside(enum cgroup_layout layout, const char *path, int (*fn)(const char *path))
{
    int status;
    pid_t pid = cgroup_fork(layout, path);
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(cgroup_enter(layout, path) ? fn(path) : EXIT_OUTSIDE);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* How many lines of /proc/self/cgroup do not end in the group's name. */
static int count_outside(const char *path)
{
    char text[8192];
    int outside = 0;
    FILE *file = fopen("/proc/self/cgroup", "re");
    const char *name = strstr(path, "/errand/");
    while (file != NULL && name != NULL && fgets(text, sizeof(text), file) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        size_t n = strlen(text);
        bool is_v2 = strncmp(text, "0::", 3) == 0;
        bool expected = host_layout() == CGROUP_V2 || is_v2 == (path != name);
        if (expected && (n < strlen(name) || strcmp(text + n - strlen(name), name) != 0))
            outside++;
    }
    return file == NULL || name == NULL ? EXIT_OUTSIDE : outside;
}

static int error_of(const char *device, int flags)
{
    CLEANUP(fd_closep) int fd = open(device, flags | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? errno : 0;
}

/* 0 when the harmless can be opened and the rest cannot. */
static int open_devices(const char *path)
{
    static const char *const harmless[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                           "/dev/urandom"};
    static const char *const others[] = {"/dev/kmsg", "/dev/mem", "/dev/fuse", "/dev/net/tun",
                                         "/dev/loop-control"};
    (void)path;
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
        if (error_of(harmless[i], O_RDWR) != 0)
            return 1 + (int)i;
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        int errnum = error_of(others[i], O_RDONLY);
        if (errnum != EPERM && errnum != ENOENT)
            return 11 + (int)i;
    }
    return 0;
}

static void test_cgroup_fork__is_in_every_tree(void **state)
{
    (void)state;
    struct err e;
    char path[128];
    enum cgroup_layout layout = host_layout();
    ASSERT_OK(cgroup_make(layout, group_of("", path, sizeof(path)), &e), e);
    ASSERT_OK(cgroup_make(layout, path, &e), e);
    assert_int_equal(run_inside(layout, path, count_outside), 0);
    remove_group(layout, path);
}

static void test_cgroup_fork__is_born_in_a_v2_group(void **state)
{
    (void)state;
    struct err e;
    char path[128];
    if (host_layout() != CGROUP_HYBRID)
        skip();
    group_of("/" CGROUP_HYBRID_V2_NAME, path, sizeof(path));
    ASSERT_OK(cgroup_make(CGROUP_V2, path, &e), e);
    assert_int_equal(run_inside(CGROUP_V2, path, count_outside), 0);
    remove_group(CGROUP_V2, path);
}

/* The exit code of a child that sees a tree it may not change. */
static int make_beside_foreign_tree(const char *path)
{
    static const char tree[] = CGROUP_ROOT "/blkio";
    struct err e;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
            mount(tree, tree, NULL, MS_BIND, NULL) < 0 ||
            mount(NULL, tree, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
            _exit(EXIT_OUTSIDE);
        bool ok = cgroup_make(host_layout(), path, &e) == 0 && cgroup_enter(host_layout(), path);
        _exit(ok ? count_outside(path) : EXIT_OUTSIDE);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void test_cgroup_make__leaves_out_a_tree_that_is_read_only(void **state)
{
    (void)state;
    char path[128];
    if (host_layout() == CGROUP_V2)
        skip();
    assert_int_equal(make_beside_foreign_tree(group_of("", path, sizeof(path))), 1);
    remove_group(host_layout(), path);
}

static void restrict_and_open(enum cgroup_layout layout, const char *above)
{
    struct err e;
    char path[128];
    ASSERT_OK(cgroup_make(layout, group_of(above, path, sizeof(path)), &e), e);
    ASSERT_OK(cgroup_devices_restrict(layout, path, &e), e);
    assert_int_equal(run_inside(layout, path, open_devices), 0);
    remove_group(layout, path);
}

static void test_cgroup_devices__only_the_harmless_open(void **state)
{
    (void)state;
    restrict_and_open(host_layout(), "");
}

static void test_cgroup_devices__only_the_harmless_open_by_program(void **state)
{
    (void)state;
    if (host_layout() == CGROUP_V1)
        skip();
    restrict_and_open(CGROUP_V2, host_layout() == CGROUP_HYBRID ? "/" CGROUP_HYBRID_V2_NAME : "");
}

static int64_t number_of(const char *tree, const char *path, const char *file)
{
    char text[64];
    struct err e;
    int64_t number = 0;
    cgroup_file_read(tree, path, file, text, sizeof(text));
    ASSERT_OK(parse_i64_n(text, strcspn(text, " \n"), 0, INT64_MAX, file, &number, &e), e);
    return number;
}

static void test_cgroup_limit__is_what_was_asked_for(void **state)
{
    (void)state;
    struct err e;
    char path[128];
    enum cgroup_layout layout = host_layout();
    bool is_v2 = layout == CGROUP_V2;
    const struct cgroup_limits limits = {
        .memory_bytes = 16 << 20, .cpu_milli = 1500, .processes = 7};
    ASSERT_OK(cgroup_make(layout, group_of("", path, sizeof(path)), &e), e);
    ASSERT_OK(cgroup_limit(layout, path, &limits, &e), e);
    assert_int_equal(
        number_of(is_v2 ? "" : "memory", path, is_v2 ? "memory.max" : "memory.limit_in_bytes"),
        16 << 20);
    assert_int_equal(number_of(is_v2 ? "" : "cpu", path, is_v2 ? "cpu.max" : "cpu.cfs_quota_us"),
                     150000);
    assert_int_equal(number_of(is_v2 ? "" : "cpu", path, is_v2 ? "cpu.weight" : "cpu.shares"),
                     is_v2 ? 59 : 1536);
    assert_int_equal(number_of(is_v2 ? "" : "pids", path, "pids.max"), 7);
    remove_group(layout, path);
}

static void test_cgroup_limit__of_a_group_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct err e;
    char path[128];
    const struct cgroup_limits limits = {.memory_bytes = 16 << 20};
    group_of("", path, sizeof(path));
    assert_true(cgroup_limit(host_layout(), path, &limits, &e) < 0);
    assert_non_null(strstr(e.msg, "memory."));
}

TEST_MAIN(cmocka_unit_test(test_cgroup_fork__is_in_every_tree),
          cmocka_unit_test(test_cgroup_fork__is_born_in_a_v2_group),
          cmocka_unit_test(test_cgroup_make__leaves_out_a_tree_that_is_read_only),
          cmocka_unit_test(test_cgroup_devices__only_the_harmless_open),
          cmocka_unit_test(test_cgroup_devices__only_the_harmless_open_by_program),
          cmocka_unit_test(test_cgroup_limit__is_what_was_asked_for),
          cmocka_unit_test(test_cgroup_limit__of_a_group_that_is_not_there_is_an_error))
