/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/disk_use.h"

#include "base/defer.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BLOCK_BYTES 512

/* Each level holds a descriptor. */
#define DEPTH_MAX 900

/* Of one process; more are not looked at. */
#define UNNAMED_MAX 512

struct walk {
    dev_t device;
    uint64_t bytes;
    uint64_t enough;
};

static uint64_t bytes_of(const struct stat *st)
{
    uint64_t bytes = (uint64_t)st->st_blocks * BLOCK_BYTES;
    uint64_t links = S_ISDIR(st->st_mode) || st->st_nlink == 0 ? 1 : st->st_nlink;
    return (bytes < DISK_USE_FILE_BYTES ? DISK_USE_FILE_BYTES : bytes) / links;
}

static void walk_directory(struct walk *walk, int fd, int depth);

static void walk_entry(struct walk *walk, int dir_fd, const char *name, int depth)
{
    struct stat st;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != walk->device)
        return; /* gone, or not ours */
    walk->bytes += bytes_of(&st);
    if (S_ISDIR(st.st_mode))
        walk_directory(walk, openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                       depth + 1);
}

/* Takes `fd` over. */
static void walk_directory(struct walk *walk, int fd, int depth)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    if (dir == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    if (depth > DEPTH_MAX)
        walk->bytes = walk->enough;
    while (walk->bytes < walk->enough && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            walk_entry(walk, dirfd(dir), entry->d_name, depth);
    }
    (void)closedir(dir);
}

uint64_t disk_use_of_tree(const char *path, uint64_t enough)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            (void)close(fd);
        return 0;
    }
    struct walk walk = {.device = st.st_dev, .enough = enough};
    walk_directory(&walk, fd, 0);
    return walk.bytes;
}

static bool is_unnamed_of_overlay(const char *path, struct stat *ret_st)
{
    struct statfs fs;
    return stat(path, ret_st) == 0 && S_ISREG(ret_st->st_mode) && ret_st->st_nlink == 0 &&
           statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

uint64_t disk_use_of_unnamed(pid_t pid)
{
    char path[PATH_MAX];
    ino_t seen[UNNAMED_MAX];
    size_t n = 0;
    uint64_t bytes = 0;
    int len = snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = len < 0 ? NULL : opendir(path);
    const struct dirent *entry;
    while (dir != NULL && n < UNNAMED_MAX && (entry = readdir(dir)) != NULL) {
        struct stat st;
        bool known = false;
        if (snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, entry->d_name) < 0 ||
            !is_unnamed_of_overlay(path, &st))
            continue;
        for (size_t i = 0; i < n && !known; i++)
            known = seen[i] == st.st_ino;
        if (known)
            continue;
        seen[n++] = st.st_ino;
        bytes += bytes_of(&st);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return bytes;
}
