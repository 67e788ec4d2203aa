/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_unpack.h"

#include "base/defer.h"
#include "base/err.h"
#include "images/layer_entry.h"

#include <archive.h>
#include <archive_entry.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_BLOCK_BYTES ((size_t)128 * 1024)

static int keep_only_needed_capabilities(struct err *e)
{
    static const uint32_t needed = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER |
                                   1U << CAP_FSETID | 1U << CAP_MKNOD | 1U << CAP_SYS_ADMIN |
                                   1U << CAP_SETFCAP;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{.effective = needed, .permitted = needed}};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(e, errno, "set no_new_privs");
    if (syscall(SYS_capset, &header, sets) < 0)
        return err_errno(e, errno, "drop capabilities");
    return 0;
}

static int confine(const char *dir, struct err *e)
{
    /* Names in pax headers are UTF-8; without a UTF-8 locale libarchive cannot carry them. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)umask(022);
    if (chdir(dir) < 0 || chroot(".") < 0)
        return err_errno(e, errno, "change root to %s", dir);
    if (chmod("/", 0755) < 0)
        return err_errno(e, errno, "set mode of %s", dir);
    return keep_only_needed_capabilities(e);
}

static int fail(struct err *e, struct archive *a, const char *what)
{
    const char *text = archive_error_string(a);
    return err_set(e, ERR_INVALID, "%s: %s", what, text != NULL ? text : "unknown error");
}

static int copy_data(struct archive *in, struct archive *out, struct err *e)
{
    for (;;) {
        const void *block = NULL;
        size_t n = 0;
        la_int64_t offset = 0;
        int rc = archive_read_data_block(in, &block, &n, &offset);
        if (rc == ARCHIVE_EOF)
            return 0;
        if (rc < ARCHIVE_WARN)
            return fail(e, in, "read layer");
        if (archive_write_data_block(out, block, n, offset) < ARCHIVE_WARN)
            return fail(e, out, "write file");
    }
}

static int unpack_entry(struct archive *in, struct archive *out, struct archive_entry *entry,
                        int64_t *unpacked_bytes, struct err *e)
{
    enum layer_entry_kind kind;
    int rc = layer_entry_prepare(entry, &kind, e);
    if (rc < 0 || kind != LAYER_ENTRY_KEEP)
        return rc;

    *unpacked_bytes += archive_entry_size(entry);
    if (*unpacked_bytes > LAYER_UNPACKED_MAX_BYTES)
        return err_set(e, ERR_LIMIT, "layer unpacks to more than %lld bytes",
                       (long long)LAYER_UNPACKED_MAX_BYTES);
    if (archive_write_header(out, entry) < ARCHIVE_WARN)
        return fail(e, out, archive_entry_pathname(entry));
    if (archive_entry_size(entry) > 0 && copy_data(in, out, e) < 0)
        return err_wrap(e, "%.100s", archive_entry_pathname(entry));
    if (archive_write_finish_entry(out) < ARCHIVE_WARN)
        return fail(e, out, archive_entry_pathname(entry));
    return layer_entry_settle(entry, e);
}

static int unpack_all(struct archive *in, struct archive *out, struct err *e)
{
    int64_t unpacked_bytes = 0;
    for (;;) {
        struct archive_entry *entry = NULL;
        int rc = archive_read_next_header(in, &entry);
        if (rc == ARCHIVE_EOF)
            break;
        if (rc < ARCHIVE_WARN)
            return fail(e, in, "read layer");
        if (unpack_entry(in, out, entry, &unpacked_bytes, e) < 0)
            return e->code;
    }
    if (archive_write_close(out) < ARCHIVE_WARN)
        return fail(e, out, "finish layer");
    return 0;
}

static void read_freep(struct archive **a)
{
    (void)archive_read_free(*a);
}

static void write_freep(struct archive **a)
{
    (void)archive_write_free(*a);
}

static int unpack(struct err *e)
{
    CLEANUP(read_freep) struct archive *in = archive_read_new();
    CLEANUP(write_freep) struct archive *out = archive_write_disk_new();
    if (in == NULL || out == NULL)
        return err_errno(e, ENOMEM, "unpack layer");

    if (archive_read_support_filter_gzip(in) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(in) != ARCHIVE_OK ||
        archive_read_support_format_tar(in) != ARCHIVE_OK ||
        archive_read_support_format_empty(in) != ARCHIVE_OK)
        return fail(e, in, "set up libarchive");
    (void)archive_write_disk_set_options(out, ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM |
                                                  ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR);
    if (archive_read_open_fd(in, STDIN_FILENO, READ_BLOCK_BYTES) != ARCHIVE_OK)
        return fail(e, in, "read layer");
    return unpack_all(in, out, e);
}

/* After this a crash of the machine cannot leave a layer whose name is there and whose files are
 * empty. */
static int flush(struct err *e)
{
    CLEANUP(fd_closep) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        return err_errno(e, errno, "flush layer");
    return 0;
}

_Noreturn void layer_unpack_main(const char *dir)
{
    struct err e;
    bool ok = confine(dir, &e) == 0 && unpack(&e) == 0 && flush(&e) == 0;
    if (!ok)
        (void)dprintf(STDERR_FILENO, "%s\n", e.msg);
    _exit(ok ? 0 : 1);
}
