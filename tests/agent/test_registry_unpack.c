/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers made here, hostile ones too, go through the real unpacking process: this program is its
 * own unpacker. Needs root, as the agent does.
 */
#include "support/test.h"

#include "base/file.h"
#include "images/digest.h"
#include "images/layer_unpack.h"
#include "images/layer_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define TAR_MAX_BYTES (1 << 20)

static struct layer_store *store;
static char base[] = "/tmp/errand-unpack-XXXXXX";
static const atomic_bool never;

/* A tar being made in memory. */
struct tar {
    struct archive *archive;
    char bytes[TAR_MAX_BYTES];
    size_t n;
};

static void tar_open(struct tar *tar, int filter)
{
    tar->archive = archive_write_new();
    assert_int_equal(archive_write_set_format_pax(tar->archive), ARCHIVE_OK);
    assert_int_equal(archive_write_add_filter(tar->archive, filter), ARCHIVE_OK);
    assert_int_equal(
        archive_write_open_memory(tar->archive, tar->bytes, sizeof(tar->bytes), &tar->n),
        ARCHIVE_OK);
}

static void tar_close(struct tar *tar)
{
    assert_int_equal(archive_write_close(tar->archive), ARCHIVE_OK);
    archive_write_free(tar->archive);
}

static struct archive_entry *entry_new(const char *path, mode_t mode)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, path);
    archive_entry_set_mode(entry, mode);
    archive_entry_set_mtime(entry, 1000000000, 0);
    return entry;
}

static void tar_add(struct tar *tar, struct archive_entry *entry, const char *content)
{
    size_t n = content != NULL ? strlen(content) : 0;
    archive_entry_set_size(entry, (la_int64_t)n);
    assert_in_range(archive_write_header(tar->archive, entry) + 100, 80, 100);
    if (n > 0)
        assert_int_equal(archive_write_data(tar->archive, content, n), n);
    archive_entry_free(entry);
}

static void tar_file(struct tar *tar, const char *path, const char *content)
{
    tar_add(tar, entry_new(path, S_IFREG | 0644), content);
}

static void tar_dir(struct tar *tar, const char *path)
{
    tar_add(tar, entry_new(path, S_IFDIR | 0755), NULL);
}

static void tar_symlink(struct tar *tar, const char *path, const char *target)
{
    struct archive_entry *entry = entry_new(path, S_IFLNK | 0777);
    archive_entry_set_symlink(entry, target);
    tar_add(tar, entry, NULL);
}

static void tar_hardlink(struct tar *tar, const char *path, const char *target)
{
    struct archive_entry *entry = entry_new(path, S_IFREG | 0644);
    archive_entry_set_hardlink(entry, target);
    tar_add(tar, entry, NULL);
}

/* Unpack to <base>/layers/out, which is not there before. */
static int unpack(const struct tar *tar, struct err *e)
{
    char out[160];
    struct blob blob = {.size_bytes = (int64_t)tar->n};
    CLEANUP(layer_writer_freep) struct layer_writer *w = NULL;

    digest_of(tar->bytes, tar->n, blob.digest);
    (void)snprintf(out, sizeof(out), "%s/layers/out", base);
    ASSERT_OK(dir_remove(out, e), *e);
    ASSERT_OK(layer_writer_open(store, &blob, &never, &w, e), *e);
    int rc = layer_writer_put(w, tar->bytes, tar->n, e);
    return rc < 0 ? rc : layer_writer_finish(w, out, e);
}

static const char *path_of(const char *path)
{
    static char full[512];
    (void)snprintf(full, sizeof(full), "%s/layers/out/%s", base, path);
    return full;
}

static void assert_content(const char *path, const char *content)
{
    CLEANUP(buf_done) struct buf b;
    struct err e;
    buf_init(&b, 4096);
    ASSERT_OK(file_read(path, &b, &e), e);
    assert_string_equal(buf_text(&b), content);
}

static void assert_missing(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        fail_msg("%s exists", path);
}

/* Nothing but layers/ and the untouched canary, and in layers/ nothing half-done. */
static void assert_nothing_escaped(void)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/canary", base);
    assert_content(path, "alive");
    (void)snprintf(path, sizeof(path), "%s/x", base);
    assert_missing(path);
    assert_missing("/errand-unpack-x");
}

static bool layers_hold_leftovers(void)
{
    char command[200];
    (void)snprintf(command, sizeof(command), "%s/layers", base);
    struct stat st;
    assert_int_equal(stat(command, &st), 0);
    (void)snprintf(command, sizeof(command), "%s/layers/out", base);
    return st.st_nlink > (lstat(command, &st) == 0 ? 3 : 2);
}

static void test_unpack__keeps_modes_owners_times_links_and_attributes(void **state)
{
    (void)state;
    static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD};
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        static struct tar tar;
        struct err e;
        struct stat st;
        char value[8] = "";

        tar_open(&tar, filters[i]);
        tar_dir(&tar, "./");
        tar_file(&tar, "./deep/below/nothing", "x");
        struct archive_entry *entry = entry_new("./bin/su", S_IFREG | S_ISUID | 0755);
        archive_entry_set_uid(entry, 12);
        archive_entry_set_gid(entry, 34);
        archive_entry_xattr_add_entry(entry, "user.note", "hello", 5);
        archive_entry_xattr_add_entry(entry, "trusted.overlay.redirect", "/etc", 4);
        tar_add(&tar, entry, "#!");
        tar_hardlink(&tar, "./bin/su2", "./bin/su");
        tar_symlink(&tar, "./link", "/etc/passwd");
        tar_file(&tar, "./\xc3\xbcmlaut", "utf-8");
        tar_add(&tar, entry_new("./tmp", S_IFDIR | 01777), NULL);
        tar_add(&tar, entry_new("./pipe", S_IFIFO | 0600), NULL);
        tar_close(&tar);
        ASSERT_OK(unpack(&tar, &e), e);

        assert_int_equal(lstat(path_of("bin/su"), &st), 0);
        assert_int_equal(st.st_mode, S_IFREG | S_ISUID | 0755);
        assert_int_equal(st.st_uid, 12);
        assert_int_equal(st.st_gid, 34);
        assert_int_equal(st.st_nlink, 2);
        assert_int_equal(st.st_mtime, 1000000000);
        assert_int_equal(lgetxattr(path_of("bin/su"), "user.note", value, sizeof(value)), 5);
        assert_int_equal(
            lgetxattr(path_of("bin/su"), "trusted.overlay.redirect", value, sizeof(value)), -1);
        assert_int_equal(readlink(path_of("link"), value, sizeof(value)), 8);
        assert_content(path_of("\xc3\xbcmlaut"), "utf-8");
        assert_int_equal(lstat(path_of("tmp"), &st), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 01777);
        assert_int_equal(lstat(path_of("deep/below"), &st), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0755);
        assert_int_equal(lstat(path_of("pipe"), &st), 0);
        assert_true(S_ISFIFO(st.st_mode));
        assert_int_equal(lstat(path_of(""), &st), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0755);
    }
}

static void test_unpack__whiteouts_become_overlayfs_ones(void **state)
{
    (void)state;
    static struct tar tar;
    struct err e;
    struct stat st;
    char value[8] = "";

    tar_open(&tar, ARCHIVE_FILTER_GZIP);
    tar_file(&tar, "etc/.wh.gone", NULL);
    tar_dir(&tar, "opaque");
    tar_file(&tar, "opaque/.wh..wh..opq", NULL);
    tar_file(&tar, "opaque/new", "1");
    tar_file(&tar, "back", "in this layer");
    tar_file(&tar, ".wh.back", NULL);
    tar_file(&tar, ".wh.again", NULL);
    tar_file(&tar, "again", "after its whiteout");
    tar_file(&tar, ".wh.dir", NULL);
    tar_dir(&tar, "dir");
    tar_file(&tar, ".wh..wh.plnk/1.2", NULL);
    tar_close(&tar);
    ASSERT_OK(unpack(&tar, &e), e);

    assert_int_equal(lstat(path_of("etc/gone"), &st), 0);
    assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
    assert_missing(path_of("etc/.wh.gone"));
    assert_int_equal(lgetxattr(path_of("opaque"), "trusted.overlay.opaque", value, sizeof(value)),
                     1);
    assert_int_equal(value[0], 'y');
    assert_missing(path_of("opaque/.wh..wh..opq"));
    assert_content(path_of("back"), "in this layer");
    assert_content(path_of("again"), "after its whiteout");
    assert_int_equal(lgetxattr(path_of("dir"), "trusted.overlay.opaque", value, sizeof(value)), 1);
}

static void test_unpack__refuses_names_that_climb(void **state)
{
    (void)state;
    static const char *const names[] = {"../x", "a/../../x",       "a/..",
                                        "..",   "./../../../../x", "../.wh.canary"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        static struct tar tar;
        struct err e;
        tar_open(&tar, ARCHIVE_FILTER_NONE);
        tar_file(&tar, names[i], "bad");
        tar_close(&tar);
        if (unpack(&tar, &e) != ERR_INVALID)
            fail_msg("accepted %s", names[i]);
        assert_nothing_escaped();
        assert_false(layers_hold_leftovers());
    }
}

static void test_unpack__absolute_names_are_inside(void **state)
{
    (void)state;
    static struct tar tar;
    struct err e;
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_file(&tar, "/errand-unpack-x", "inside");
    tar_close(&tar);
    ASSERT_OK(unpack(&tar, &e), e);
    assert_nothing_escaped();
    assert_content(path_of("errand-unpack-x"), "inside");
}

static void test_unpack__writes_through_links_stay_inside(void **state)
{
    (void)state;
    static struct tar tar;
    struct err e;
    char canary[160];
    (void)snprintf(canary, sizeof(canary), "%s/canary", base);

    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_symlink(&tar, "up", "../../../../../..");
    tar_file(&tar, "up/errand-unpack-x", "inside");
    tar_symlink(&tar, "base", base);
    tar_file(&tar, "base/canary", "overwritten");
    tar_file(&tar, "base/x", "escaped");
    tar_symlink(&tar, "victim", canary);
    tar_file(&tar, "victim", "overwritten");
    tar_close(&tar);
    (void)unpack(&tar, &e);
    assert_nothing_escaped();
}

static void test_unpack__hard_links_cannot_reach_out(void **state)
{
    (void)state;
    static const char *const targets[] = {"/etc/passwd", "../../../../etc/passwd"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        static struct tar tar;
        struct err e;
        tar_open(&tar, ARCHIVE_FILTER_NONE);
        tar_hardlink(&tar, "stolen", targets[i]);
        tar_close(&tar);
        assert_int_equal(unpack(&tar, &e), ERR_INVALID);
    }
}

static void test_unpack__leaves_devices_out(void **state)
{
    (void)state;
    static struct tar tar;
    struct err e;
    struct archive_entry *disk = entry_new("dev/sda", S_IFBLK | 0666);
    struct archive_entry *mem = entry_new("dev/mem", S_IFCHR | 0666);
    archive_entry_set_rdevmajor(disk, 8);
    archive_entry_set_rdevmajor(mem, 1);
    archive_entry_set_rdevminor(mem, 1);
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_dir(&tar, "dev");
    tar_add(&tar, disk, NULL);
    tar_add(&tar, mem, NULL);
    tar_file(&tar, "dev/file", "kept");
    tar_close(&tar);
    ASSERT_OK(unpack(&tar, &e), e);
    assert_missing(path_of("dev/sda"));
    assert_missing(path_of("dev/mem"));
    assert_content(path_of("dev/file"), "kept");
}

static void test_unpack__refuses_what_is_no_tar(void **state)
{
    (void)state;
    static struct tar tar;
    struct err e;
    memset(tar.bytes, 'x', 4096);
    tar.n = 4096;
    assert_int_equal(unpack(&tar, &e), ERR_INVALID);

    tar_open(&tar, ARCHIVE_FILTER_GZIP);
    tar_file(&tar, "file", "content that is cut short");
    tar_close(&tar);
    tar.n /= 2;
    assert_int_equal(unpack(&tar, &e), ERR_INVALID);
    assert_false(layers_hold_leftovers());
}

static int open_store(int64_t max_bytes, int64_t floor_bytes)
{
    char dir[160];
    struct err e;
    (void)snprintf(dir, sizeof(dir), "%s/layers", base);
    const struct layer_store_options options = {
        .dir = dir,
        .unpacker = "/proc/self/exe",
        .limits = {.max_bytes = max_bytes, .floor_bytes = floor_bytes}};
    layer_store_close(store);
    store = NULL;
    return layer_store_open(&options, &store, &e);
}

/* A small layer that says it is a terabyte, one that is many megabytes of zeroes, one with a hole:
 * none may write past the ceiling. */
static void test_unpack__ends_at_its_ceiling(void **state)
{
    (void)state;
    static struct tar tar;
    static char zeroes[1 << 20];
    struct err e;
    assert_int_equal(open_store(4 << 20, 0), 0);

    struct archive_entry *sparse = entry_new("sparse", S_IFREG | 0644);
    archive_entry_set_size(sparse, INT64_C(1) << 40);
    archive_entry_sparse_add_entry(sparse, 0, 512);
    tar_open(&tar, ARCHIVE_FILTER_GZIP);
    (void)archive_write_header(tar.archive, sparse);
    (void)archive_write_data(tar.archive, zeroes, 512);
    archive_entry_free(sparse);
    archive_write_free(tar.archive);
    assert_int_equal(unpack(&tar, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "unpacks to more than 4 MB"));

    tar_open(&tar, ARCHIVE_FILTER_GZIP);
    for (int i = 0; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "zero-%d", i);
        struct archive_entry *entry = entry_new(name, S_IFREG | 0644);
        archive_entry_set_size(entry, sizeof(zeroes));
        assert_int_equal(archive_write_header(tar.archive, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(tar.archive, zeroes, sizeof(zeroes)), sizeof(zeroes));
        archive_entry_free(entry);
    }
    tar_close(&tar);
    assert_true(tar.n < 64 << 10);
    assert_int_equal(unpack(&tar, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "unpacks to more than 4 MB"));
    assert_false(layers_hold_leftovers());
    assert_int_equal(open_store(LAYER_UNPACKED_MAX_BYTES, 0), 0);
}

/* The floor is above what any disk has: the first check, after 32 MB, ends it. */
static void test_unpack__leaves_the_disk_its_floor(void **state)
{
    (void)state;
    static struct tar tar;
    static char zeroes[1 << 20];
    struct err e;
    assert_int_equal(open_store(LAYER_UNPACKED_MAX_BYTES, INT64_MAX), 0);
    struct archive_entry *entry = entry_new("zeroes", S_IFREG | 0644);
    archive_entry_set_size(entry, 40 << 20);
    tar_open(&tar, ARCHIVE_FILTER_GZIP);
    assert_int_equal(archive_write_header(tar.archive, entry), ARCHIVE_OK);
    for (int i = 0; i < 40; i++)
        assert_int_equal(archive_write_data(tar.archive, zeroes, sizeof(zeroes)), sizeof(zeroes));
    archive_entry_free(entry);
    tar_close(&tar);
    assert_int_equal(unpack(&tar, &e), ERR_LIMIT);
    assert_non_null(strstr(e.msg, "disk is full"));
    assert_false(layers_hold_leftovers());
    assert_int_equal(open_store(LAYER_UNPACKED_MAX_BYTES, 0), 0);
}

static void test_unpack__refuses_paths_without_end(void **state)
{
    (void)state;
    static struct tar tar;
    static char deep[2 * 3000 + 1];
    struct err e;
    struct stat st;
    for (size_t i = 0; i + 2 < sizeof(deep); i += 2)
        memcpy(deep + i, "d/", 2);
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_file(&tar, deep, NULL);
    tar_close(&tar);
    assert_int_equal(unpack(&tar, &e), ERR_INVALID);
    assert_false(layers_hold_leftovers());

    deep[2 * 500] = '\0';
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_dir(&tar, deep);
    tar_close(&tar);
    ASSERT_OK(unpack(&tar, &e), e);
    assert_int_equal(lstat(path_of("d/d/d/d"), &st), 0);
}

static void test_unpack__notes_how_much_disk_a_layer_takes(void **state)
{
    (void)state;
    static struct tar tar;
    char text[32] = "";
    struct err e;
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_file(&tar, "a", "12345");
    tar_dir(&tar, "b");
    tar_close(&tar);
    ASSERT_OK(unpack(&tar, &e), e);
    assert_true(getxattr(path_of(""), LAYER_BYTES_ATTRIBUTE, text, sizeof(text)) > 0);
    assert_string_equal(text, "8197");
}

static void test_writer__refuses_another_digest_or_size(void **state)
{
    (void)state;
    static struct tar tar;
    char out[160];
    tar_open(&tar, ARCHIVE_FILTER_NONE);
    tar_file(&tar, "file", "content");
    tar_close(&tar);
    (void)snprintf(out, sizeof(out), "%s/layers/other", base);

    for (int i = 0; i < 3; i++) {
        CLEANUP(layer_writer_freep) struct layer_writer *w = NULL;
        struct err e;
        struct blob blob = {.size_bytes = (int64_t)tar.n + (i == 1) - (i == 2)};
        digest_of(tar.bytes, tar.n - (i == 0), blob.digest);
        ASSERT_OK(layer_writer_open(store, &blob, &never, &w, &e), e);
        int rc = layer_writer_put(w, tar.bytes, tar.n, &e);
        if (rc == 0)
            rc = layer_writer_finish(w, out, &e);
        assert_int_equal(rc, ERR_CONFLICT);
        assert_missing(out);
    }
    assert_false(layers_hold_leftovers());
}

static int set_up(void **state)
{
    (void)state;
    char path[160];
    struct err e;
    if (mkdtemp(base) == NULL)
        return -1;
    if (open_store(LAYER_UNPACKED_MAX_BYTES, 0) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/canary", base);
    return file_replace(path, "alive", 5, 0600, &e);
}

static int tear_down(void **state)
{
    (void)state;
    struct err e;
    layer_store_close(store);
    return dir_remove(base, &e);
}

int main(int argc, char **argv)
{
    if (layer_unpack_is_asked(argc, argv))
        layer_unpack_main(argv);
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* for libarchive, which writes the names */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unpack__keeps_modes_owners_times_links_and_attributes),
        cmocka_unit_test(test_unpack__whiteouts_become_overlayfs_ones),
        cmocka_unit_test(test_unpack__refuses_names_that_climb),
        cmocka_unit_test(test_unpack__absolute_names_are_inside),
        cmocka_unit_test(test_unpack__writes_through_links_stay_inside),
        cmocka_unit_test(test_unpack__hard_links_cannot_reach_out),
        cmocka_unit_test(test_unpack__leaves_devices_out),
        cmocka_unit_test(test_unpack__refuses_what_is_no_tar),
        cmocka_unit_test(test_unpack__ends_at_its_ceiling),
        cmocka_unit_test(test_unpack__leaves_the_disk_its_floor),
        cmocka_unit_test(test_unpack__refuses_paths_without_end),
        cmocka_unit_test(test_unpack__notes_how_much_disk_a_layer_takes),
        cmocka_unit_test(test_writer__refuses_another_digest_or_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
