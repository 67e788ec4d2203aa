/* SPDX-License-Identifier: Apache-2.0 */
#include "images/layer_unpack.h"

#include "base/defer.h"
#include "base/err.h"
#include "base/parse.h"
#include "images/layer_entry.h"
#include "images/layer_store.h"

#include <archive.h>
#include <archive_entry.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define READ_BLOCK_BYTES ((size_t)128 * 1024)
#define DISK_CHECK_BYTES (INT64_C(32) << 20)
#define DISK_BLOCK_BYTES 4096

/* How much was written, against what may be. */
struct measure {
    struct layer_limits limits;
    int64_t declared_bytes; /* sizes in the tar's headers */
    int64_t disk_bytes;     /* in whole blocks, one for each name */
    int64_t checked_bytes;  /* of these when the disk was looked at last */
    int64_t entries;
};

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
    /* What it writes is nobody's once the agent is gone. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
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

static int check_disk(struct measure *m, struct err *e)
{
    struct statvfs fs;
    if (m->disk_bytes - m->checked_bytes < DISK_CHECK_BYTES)
        return 0;
    m->checked_bytes = m->disk_bytes;
    if (statvfs("/", &fs) < 0)
        return err_errno(e, errno, "look at the disk");
    if ((int64_t)(fs.f_bavail * fs.f_frsize) < m->limits.floor_bytes)
        return err_set(e, ERR_LIMIT, "the disk is full: less than %lld MB would stay free",
                       (long long)(m->limits.floor_bytes >> 20));
    return 0;
}

static int count_entry(struct measure *m, int64_t size_bytes, struct err *e)
{
    m->entries++;
    m->disk_bytes += DISK_BLOCK_BYTES;
    if (m->entries > LAYER_ENTRIES_MAX)
        return err_set(e, ERR_INVALID, "layer holds more than %d names", LAYER_ENTRIES_MAX);
    if (size_bytes < 0 || size_bytes > m->limits.max_bytes - m->declared_bytes)
        return err_set(e, ERR_INVALID, "layer unpacks to more than %lld MB",
                       (long long)(m->limits.max_bytes >> 20));
    m->declared_bytes += size_bytes;
    return check_disk(m, e);
}

static int fail_write(struct err *e, struct archive *out, const char *what)
{
    if (archive_errno(out) == ENOSPC || archive_errno(out) == EDQUOT)
        return err_set(e, ERR_LIMIT, "the disk is full");
    return fail(e, out, what);
}

static int copy_data(struct archive *in, struct archive *out, struct measure *m, struct err *e)
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
            return fail_write(e, out, "write file");
        m->disk_bytes += (int64_t)n;
        if (check_disk(m, e) < 0)
            return ERR_LIMIT;
    }
}

static int write_entry(struct archive *in, struct archive *out, struct archive_entry *entry,
                       struct measure *m, struct err *e)
{
    const char *name = archive_entry_pathname(entry);
    if (archive_write_header(out, entry) < ARCHIVE_WARN)
        return fail_write(e, out, name);
    if (archive_entry_size(entry) > 0) {
        int rc = copy_data(in, out, m, e);
        if (rc < 0)
            return rc == ERR_LIMIT ? rc : err_wrap(e, "%.100s", name);
    }
    if (archive_write_finish_entry(out) < ARCHIVE_WARN)
        return fail_write(e, out, name);
    return layer_entry_settle(entry, e);
}

static int unpack_entry(struct archive *in, struct archive *out, struct archive_entry *entry,
                        struct measure *m, struct err *e)
{
    enum layer_entry_kind kind;
    int rc = count_entry(m, archive_entry_size(entry), e);
    if (rc == 0)
        rc = layer_entry_prepare(entry, &kind, e);
    if (rc < 0 || kind != LAYER_ENTRY_KEEP)
        return rc;
    return write_entry(in, out, entry, m, e);
}

static int unpack_all(struct archive *in, struct archive *out, struct measure *m, struct err *e)
{
    for (;;) {
        struct archive_entry *entry = NULL;
        int rc = archive_read_next_header(in, &entry);
        if (rc == ARCHIVE_EOF)
            break;
        if (rc < ARCHIVE_WARN)
            return fail(e, in, "read layer");
        rc = unpack_entry(in, out, entry, m, e);
        if (rc < 0)
            return rc;
    }
    if (archive_write_close(out) < ARCHIVE_WARN)
        return fail_write(e, out, "finish layer");
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

static int unpack(int fd, struct measure *m, struct err *e)
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
    if (archive_read_open_fd(in, fd, READ_BLOCK_BYTES) != ARCHIVE_OK)
        return fail(e, in, "read layer");
    return unpack_all(in, out, m, e);
}

/* After this a crash of the machine cannot leave a layer whose name is there and whose files are
 * empty. */
static int settle(const struct measure *m, struct err *e)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%lld", (long long)m->disk_bytes);
    if (setxattr("/", LAYER_BYTES_ATTRIBUTE, text, (size_t)n, 0) < 0)
        return err_errno(e, errno, "note the size of the layer");
    CLEANUP(fd_closep) int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        return err_errno(e, errno, "flush layer");
    return 0;
}

int layer_unpack_here(int fd, const struct layer_limits *limits, struct err *e)
{
    struct measure m = {.limits = *limits};
    return unpack(fd, &m, e);
}

bool layer_unpack_is_asked(int argc, char *const *argv)
{
    return argc == 5 && strcmp(argv[1], "--unpack") == 0;
}

static int work(char *const *argv, struct err *e)
{
    struct measure m = {0};
    if (parse_i64(argv[3], 0, INT64_MAX, "MAX_BYTES", &m.limits.max_bytes, e) < 0 ||
        parse_i64(argv[4], 0, INT64_MAX, "FLOOR_BYTES", &m.limits.floor_bytes, e) < 0)
        return ERR_INVALID;
    int rc = confine(argv[2], e);
    if (rc == 0)
        rc = unpack(STDIN_FILENO, &m, e);
    return rc < 0 ? rc : settle(&m, e);
}

_Noreturn void layer_unpack_main(char *const *argv)
{
    struct err e;
    int rc = work(argv, &e);
    if (rc < 0)
        (void)dprintf(STDERR_FILENO, "%s\n", e.msg);
    _exit(rc == 0 ? 0 : rc == ERR_LIMIT ? LAYER_UNPACK_DISK_FULL : LAYER_UNPACK_FAILED);
}
