/* SPDX-License-Identifier: Apache-2.0 */
#include "run_file.h"

#include "base/file.h"
#include "wire/field.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define RUN_FILE_MODE 0600

static int path_join(const char *run_dir, const char *name, const char *suffix, char *path,
                     struct err *e)
{
    int n = snprintf(path, PATH_MAX, "%s/%s%s", run_dir, name, suffix);
    if (n < 0 || n >= PATH_MAX)
        return err_set(e, ERR_INVALID, "path too long: %.100s", run_dir);
    return 0;
}

void run_file_put_format(struct buf *b)
{
    field_put_i64(b, "format", RUN_FILE_FORMAT);
}

int run_file_check_format(const struct json_t *doc, const char *name, struct err *e)
{
    uint32_t format;
    int r = field_get_u32(doc, "format", UINT32_MAX, &format, e);
    if (r < 0)
        return err_wrap(e, "%s", name);
    if (format == RUN_FILE_FORMAT)
        return 0;
    return err_set(e, ERR_CONFLICT, "%s is of format %u, which %s errand wrote; this one reads %d",
                   name, format, format > RUN_FILE_FORMAT ? "a newer" : "an older",
                   RUN_FILE_FORMAT);
}

int run_file_read(const char *run_dir, const char *name, struct buf *b, struct err *e)
{
    char path[PATH_MAX];
    int r = path_join(run_dir, name, "", path, e);
    if (r < 0)
        return r;
    size_t before = b->len;
    r = file_read(path, b, e);
    if (r < 0)
        return r;
    if (b->len == before)
        return err_set(e, ERR_NOT_FOUND, "read %s: empty", path);
    return 0;
}

int run_file_reserve(const char *run_dir, const char *name, size_t n, struct err *e)
{
    char path[PATH_MAX];
    int r = path_join(run_dir, name, ".new", path, e);
    if (r < 0)
        return r;
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, RUN_FILE_MODE);
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);
    int why = posix_fallocate(fd, 0, (off_t)n);
    return why == 0 ? 0 : err_errno(e, why, "reserve %s", path);
}

/* Into the room that is reserved, when there is any; what is too much of it goes. */
static int write_whole(const char *path, const void *bytes, size_t n, struct err *e)
{
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, RUN_FILE_MODE);
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);
    ssize_t put = write(fd, bytes, n);
    if (put < 0)
        return err_errno(e, errno, "write %s", path);
    if ((size_t)put != n)
        return err_errno(e, ENOSPC, "write %s", path);
    if (ftruncate(fd, (off_t)n) < 0)
        return err_errno(e, errno, "end %s", path);
    return 0;
}

int run_file_replace(const char *run_dir, const char *name, const void *bytes, size_t n,
                     struct err *e)
{
    char path[PATH_MAX];
    char beside[PATH_MAX];
    int r = path_join(run_dir, name, "", path, e);
    if (r == 0)
        r = path_join(run_dir, name, ".new", beside, e);
    if (r < 0)
        return r;

    r = write_whole(beside, bytes, n, e);
    if (r == 0 && rename(beside, path) < 0)
        r = err_errno(e, errno, "replace %s", path);
    if (r < 0)
        (void)unlink(beside);
    return r;
}
