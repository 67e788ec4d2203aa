/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int check_access(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(e, errno, "inspect %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INVALID, "%s is not a regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(e, ERR_DENIED, "%s belongs to another user; chown it", path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return err_set(e, ERR_DENIED, "%s is open to others (mode %03o); chmod 600 it", path,
                       (unsigned)(st.st_mode & 0777));
    return 0;
}

/* Fill `bytes` until the end of the file; -1 with errno. */
static ssize_t read_up_to(int fd, unsigned char *bytes, size_t max)
{
    size_t used = 0;
    while (used < max) {
        ssize_t got = read(fd, bytes + used, max - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

int key_file_read(const char *path, size_t max, struct secret **ret_content, struct err *e)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);
    int r = check_access(fd, path, e);
    if (r < 0)
        return r;

    CLEANUP(secret_freep) struct secret *room = secret_new(max + 1);
    if (room == NULL)
        return err_set(e, ERR_INTERNAL, "read %s: out of memory", path);
    ssize_t n = read_up_to(fd, secret_bytes_mut(room), max + 1);
    if (n < 0)
        return err_errno(e, errno, "read %s", path);
    if ((size_t)n > max)
        return err_set(e, ERR_LIMIT, "read %s: larger than %zu bytes", path, max);

    struct secret *content = secret_copy(secret_bytes(room), (size_t)n);
    if (content == NULL)
        return err_set(e, ERR_INTERNAL, "read %s: out of memory", path);
    *ret_content = content;
    return 0;
}

static int write_whole(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        bytes += put;
        n -= (size_t)put;
    }
    return fsync(fd);
}

static void sync_directory_of(const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof(copy))
        return;
    memcpy(copy, path, strlen(path) + 1);
    CLEANUP(fd_closep) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd);
}

/* link(2) refuses to replace, so of two creators at once one wins and its file is whole. */
static int publish(const char *beside, const char *path, bool *ret_created, struct err *e)
{
    if (link(beside, path) == 0) {
        sync_directory_of(path);
        *ret_created = true;
        return 0;
    }
    if (errno != EEXIST)
        return err_errno(e, errno, "create %s", path);
    *ret_created = false;
    return 0;
}

int key_file_create(const char *path, const void *bytes, size_t n, bool *ret_created, struct err *e)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof(beside))
        return err_set(e, ERR_INVALID, "path too long: %.100s", path);

    CLEANUP(fd_closep) int fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);

    int r = write_whole(fd, bytes, n) < 0 ? err_errno(e, errno, "write %s", path)
                                          : publish(beside, path, ret_created, e);
    (void)unlink(beside);
    return r;
}
