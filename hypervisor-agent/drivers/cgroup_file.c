/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/cgroup_file.h"

#include "drivers/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cgroup_file_open(const char *tree, const char *path, const char *file, int flags)
{
    char name[PATH_MAX];
    int n = snprintf(name, sizeof(name), CGROUP_ROOT "/%s%s/%s", tree, path, file);
    if (n < 0 || (size_t)n >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(name, flags | O_CLOEXEC);
}

bool cgroup_file_write(const char *tree, const char *path, const char *file, const char *text)
{
    CLEANUP(fd_closep) int fd = cgroup_file_open(tree, path, file, O_WRONLY);
    return fd >= 0 && write(fd, text, strlen(text)) >= 0;
}

int cgroup_file_set(const char *tree, const char *path, const char *file, const char *text,
                    struct err *e)
{
    return cgroup_file_write(tree, path, file, text) ? 0 : err_errno(e, errno, "set %s", file);
}

int cgroup_file_set_number(const char *tree, const char *path, const char *file, uint64_t value,
                           struct err *e)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    return cgroup_file_set(tree, path, file, text, e);
}

const char *cgroup_file_read(const char *tree, const char *path, const char *file, char *text,
                             size_t size)
{
    CLEANUP(fd_closep) int fd = cgroup_file_open(tree, path, file, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    text[got < 0 ? 0 : got] = '\0';
    return text;
}
