/* SPDX-License-Identifier: Apache-2.0
 *
 * The namespace is made by a child that ends when its namespace has been opened from outside.
 */
#include "drivers/id_map.h"

#include "base/defer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_map(pid_t pid, const char *file, uint32_t first, uint32_t n)
{
    char path[64];
    char text[64];
    int len = snprintf(text, sizeof(text), "0 %" PRIu32 " %" PRIu32 "\n", first, n);
    if (snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file) < 0 || len < 0)
        return -1;
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, (size_t)len) == len ? 0 : -1;
}

static int open_mapped(pid_t pid, uint32_t first, uint32_t n, int *ret_fd)
{
    char path[64];
    if (write_map(pid, "uid_map", first, n) < 0 || write_map(pid, "gid_map", first, n) < 0 ||
        snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid) < 0)
        return -1;
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    return *ret_fd < 0 ? -1 : 0;
}

/* Shares no memory: a child that is only there to be looked at. */
static pid_t start_holder(void)
{
    pid_t parent = getpid();
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        for (;;)
            (void)pause();
    }
    return pid;
}

int id_map_open(uint32_t first, uint32_t n, int *ret_namespace_fd, struct err *e)
{
    int fd = -1;
    pid_t pid = start_holder();
    if (pid < 0)
        return err_errno(e, errno, "make a user namespace");
    int errnum = open_mapped(pid, first, n, &fd) < 0 ? errno : 0;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    if (errnum != 0)
        return err_errno(e, errnum, "map a user namespace");
    *ret_namespace_fd = fd;
    return 0;
}

int id_map_mount(int namespace_fd, const char *directory, const char *target, struct err *e)
{
    struct mount_attr map = {
        .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY,
        .userns_fd = (unsigned)namespace_fd,
    };
    CLEANUP(fd_closep)
    int tree = open_tree(AT_FDCWD, directory, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return err_errno(e, errno, "open %s", directory);
    if (mount_setattr(tree, "", AT_EMPTY_PATH, &map, sizeof(map)) < 0)
        return err_errno(e, errno, "map the owners of %s", directory);
    if (move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_errno(e, errno, "mount %s", directory);
    return 0;
}
