/* SPDX-License-Identifier: Apache-2.0 */
#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Five seconds */
#define WAIT_NS 2000000
#define WAITS 2500

int run_lock_take(const char *run_dir, int *ret_fd, struct err *e)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/" RUN_LOCK_FILE, run_dir);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "path too long: %.100s", run_dir);

    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return err_set(e, ERR_CONFLICT, "%s is held by a living shim", path);
        return err_errno(e, errno, "lock %s", path);
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int run_lock_wait(const char *run_dir, int *ret_fd, struct err *e)
{
    static const struct timespec wait = {.tv_nsec = WAIT_NS};
    int r = run_lock_take(run_dir, ret_fd, e);
    for (int i = 0; r == ERR_CONFLICT && i < WAITS; i++) {
        (void)nanosleep(&wait, NULL);
        r = run_lock_take(run_dir, ret_fd, e);
    }
    return r;
}

bool run_lock_is_held(const char *run_dir)
{
    CLEANUP(fd_closep) int fd = -1;
    return run_lock_take(run_dir, &fd, NULL) == ERR_CONFLICT;
}
