/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "support/test.h"

static char dir[] = "/tmp/errand-test-file.XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void test_file_replace__is_read_back_whole(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b;
    struct stat st;
    buf_init(&b, 100);
    ASSERT_OK(file_replace(path_of("a"), "first", 5, 0600, &e), e);
    ASSERT_OK(file_replace(path_of("a"), "second", 6, 0600, &e), e);
    ASSERT_OK(file_read(path_of("a"), &b, &e), e);
    assert_string_equal(buf_text(&b), "second");
    assert_int_equal(stat(path_of("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_done(&b);
}

static void test_file_read__errors(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf b;
    buf_init(&b, 3);
    assert_int_equal(file_read(path_of("missing"), &b, &e), ERR_NOT_FOUND);
    ASSERT_OK(file_replace(path_of("four"), "1234", 4, 0600, &e), e);
    assert_int_equal(file_read(path_of("four"), &b, &e), ERR_LIMIT);
    buf_done(&b);
}

static void test_dir_make__makes_parents_and_is_repeatable(void **state)
{
    (void)state;
    struct err e = {0};
    ASSERT_OK(dir_make(path_of("x/y/z"), 0700, &e), e);
    ASSERT_OK(dir_make(path_of("x/y/z"), 0700, &e), e);
    ASSERT_OK(file_replace(path_of("x/file"), "", 0, 0600, &e), e);
    assert_true(dir_make(path_of("x/file"), 0700, &e) < 0);
}

static void test_dir_remove__removes_all_but_follows_nothing(void **state)
{
    (void)state;
    struct err e = {0};
    struct stat st;
    ASSERT_OK(dir_make(path_of("keep"), 0700, &e), e);
    ASSERT_OK(file_replace(path_of("keep/me"), "x", 1, 0600, &e), e);
    ASSERT_OK(dir_make(path_of("gone/deep/er"), 0700, &e), e);
    char target[256];
    (void)snprintf(target, sizeof(target), "%s", path_of("keep"));
    assert_int_equal(symlink(target, path_of("gone/deep/link")), 0);
    ASSERT_OK(file_replace(path_of("gone/deep/f"), "x", 1, 0600, &e), e);

    ASSERT_OK(dir_remove(path_of("gone"), &e), e);
    assert_true(stat(path_of("gone"), &st) < 0);
    assert_int_equal(stat(path_of("keep/me"), &st), 0);
    ASSERT_OK(dir_remove(path_of("gone"), &e), e);
}

static void make_deep(const char *top, int levels)
{
    int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < levels; i++) {
        assert_true(fd >= 0);
        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        int below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)close(fd);
        fd = below;
    }
    (void)close(fd);
}

static void test_dir_remove__takes_a_tree_deeper_than_there_are_descriptors(void **state)
{
    (void)state;
    struct err e = {0};
    struct stat st;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = {.rlim_cur = 128, .rlim_max = before.rlim_max};
    ASSERT_OK(dir_make(path_of("deep/.moved-0"), 0700, &e), e);
    make_deep(path_of("deep"), 1000);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int r = dir_remove(path_of("deep"), &e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_OK(r, e);
    assert_true(stat(path_of("deep"), &st) < 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return dir_remove(dir, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_replace__is_read_back_whole),
        cmocka_unit_test(test_file_read__errors),
        cmocka_unit_test(test_dir_make__makes_parents_and_is_repeatable),
        cmocka_unit_test(test_dir_remove__removes_all_but_follows_nothing),
        cmocka_unit_test(test_dir_remove__takes_a_tree_deeper_than_there_are_descriptors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
