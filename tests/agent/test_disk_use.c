/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/file.h"
#include "drivers/disk_use.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB 1024
#define PLENTY (UINT64_C(1) << 40)

static char dir[64];

static void put(const char *name, size_t bytes)
{
    static const char block[64 * KIB];
    CLEANUP(fd_closep) int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t at = 0; at < bytes; at += sizeof(block))
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    assert_int_equal(fsync(fd), 0); /* or the file system has not chosen blocks yet */
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/errand-disk-use.XXXXXX");
    return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    struct err e;
    return chdir("/") == 0 && dir_remove(dir, &e) == 0 ? 0 : -1;
}

static void test_tree__counts_files_and_directories(void **state)
{
    (void)state;
    assert_int_equal(disk_use_of_tree(".", PLENTY), 0);
    assert_int_equal(mkdir("sub", 0700), 0);
    put("sub/file", 256 * KIB);
    uint64_t bytes = disk_use_of_tree(".", PLENTY);
    assert_in_range(bytes, 260 * KIB, 300 * KIB);
}

static void test_tree__empty_files_count(void **state)
{
    (void)state;
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "%d", i);
        put(name, 0);
    }
    assert_int_equal(disk_use_of_tree(".", PLENTY), 100 * DISK_USE_FILE_BYTES);
}

static void test_tree__several_names_are_one_file(void **state)
{
    (void)state;
    put("one", 256 * KIB);
    uint64_t before = disk_use_of_tree(".", PLENTY);
    for (int i = 0; i < 7; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "link%d", i);
        assert_int_equal(link("one", name), 0);
    }
    assert_int_equal(disk_use_of_tree(".", PLENTY), before);
}

static void test_tree__holes_and_links_are_no_bytes(void **state)
{
    (void)state;
    put("sparse", 0);
    assert_int_equal(truncate("sparse", (off_t)1 << 40), 0);
    assert_int_equal(symlink("/usr", "usr"), 0);
    assert_in_range(disk_use_of_tree(".", PLENTY), 2 * DISK_USE_FILE_BYTES, 64 * KIB);
}

static void test_tree__too_deep_is_enough(void **state)
{
    (void)state;
    struct err e;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mkdir("d", 0700), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(disk_use_of_tree(".", PLENTY), PLENTY);
    ASSERT_OK(dir_remove("d", &e), e);
}

static void test_tree__none_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(disk_use_of_tree("none", PLENTY), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TEST_MAIN(TEST(test_tree__counts_files_and_directories), TEST(test_tree__empty_files_count),
          TEST(test_tree__several_names_are_one_file),
          TEST(test_tree__holes_and_links_are_no_bytes), TEST(test_tree__too_deep_is_enough),
          TEST(test_tree__none_is_nothing))
