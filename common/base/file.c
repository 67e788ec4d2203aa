/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

int file_read(const char *path, struct buf *b, struct err *e)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);

    for (;;) {
        char chunk[4096];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, errno, "read %s", path);
        if (got == 0)
            return 0;
        buf_add(b, chunk, (size_t)got);
        if (!buf_ok(b))
            return err_set(e, ERR_LIMIT, "read %s: larger than %zu bytes", path, b->max_bytes);
    }
}

static int write_all(int fd, const char *bytes, size_t n)
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
    return 0;
}

static int sync_parent(const char *path)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    if (n >= sizeof(parent))
        return -1;
    memcpy(parent, path, n);
    parent[n] = '\0';

    const char *dir = slash == NULL ? "." : n == 0 ? "/" : parent;
    CLEANUP(fd_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

static int write_new(const char *path, const void *bytes, size_t n, mode_t mode, struct err *e)
{
    (void)unlink(path);
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(e, errno, "create %s", path);
    if (write_all(fd, bytes, n) < 0 || fsync(fd) < 0)
        return err_errno(e, errno, "write %s", path);
    return 0;
}

int file_replace(const char *path, const void *bytes, size_t n, mode_t mode, struct err *e)
{
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof(beside), "%s.%d.tmp", path, (int)getpid());
    if (len < 0 || (size_t)len >= sizeof(beside))
        return err_set(e, ERR_INVALID, "path too long: %.100s", path);

    int r = write_new(beside, bytes, n, mode, e);
    if (r == 0 && (rename(beside, path) < 0 || sync_parent(path) < 0))
        r = err_errno(e, errno, "replace %s", path);
    if (r < 0)
        (void)unlink(beside);
    return r;
}

int dir_make(const char *path, mode_t mode, struct err *e)
{
    char partial[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(partial))
        return err_set(e, ERR_INVALID, "bad directory path '%.100s'", path);

    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, mode) < 0 && errno != EEXIST)
            return err_errno(e, errno, "make directory %s", partial);
    }

    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_errno(e, ENOTDIR, "make directory %s", path);
    return 0;
}

/* A tree may be deeper than there are descriptors: directories this far down are moved up to the
 * top, to be met there again. */
#define REMOVE_DEPTH_MAX 64

struct removal {
    dev_t device; /* other file systems are left alone */
    int top_fd;   /* the first directory opened; -1 before */
    unsigned moved;
};

static int remove_below(struct removal *removal, int parent, const char *name, unsigned depth);

static int move_up(struct removal *removal, int parent, const char *name)
{
    int r;
    do {
        char to[32];
        int n = snprintf(to, sizeof(to), ".moved-%u", removal->moved++);
        assert(n > 0 && (size_t)n < sizeof(to));
        r = renameat2(parent, name, removal->top_fd, to, RENAME_NOREPLACE);
    } while (r < 0 && errno == EEXIST);
    return r;
}

/* Closes `fd`. */
static int remove_entries(struct removal *removal, int fd, unsigned depth)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        (void)close(fd);
        return -1;
    }

    int r = 0;
    const struct dirent *entry;
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = remove_below(removal, dirfd(dir), entry->d_name, depth);
    }
    int saved = errno;
    (void)closedir(dir);
    errno = saved;
    return r;
}

/* Until a pass over the top directory has moved nothing into it. */
static int remove_top(struct removal *removal, int fd)
{
    unsigned moved;
    int r;
    removal->top_fd = fd;
    do {
        moved = removal->moved;
        int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = again < 0 ? -1 : remove_entries(removal, again, 1);
    } while (r == 0 && moved != removal->moved);
    removal->top_fd = -1;
    (void)close(fd);
    return r;
}

static int remove_below(struct removal *removal, int parent, const char *name, unsigned depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -1;
    if (depth >= REMOVE_DEPTH_MAX)
        return move_up(removal, parent, name);

    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_dev != removal->device) {
        (void)close(fd);
        errno = EXDEV;
        return -1;
    }
    int r = depth == 0 ? remove_top(removal, fd) : remove_entries(removal, fd, depth + 1);
    if (r < 0)
        return -1;
    return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -1 : 0;
}

int dir_remove(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_errno(e, errno, "remove %s", path);
    struct removal removal = {.device = st.st_dev, .top_fd = -1};
    if (remove_below(&removal, AT_FDCWD, path, 0) < 0)
        return err_errno(e, errno, "remove %s", path);
    return 0;
}
