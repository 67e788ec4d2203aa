/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int enter(int flags, struct err *e)
{
    if (flags != 0 && unshare(flags) < 0)
        return err_errno(e, errno, "make namespaces");
    if ((flags & CLONE_NEWNS) != 0 && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
        return err_errno(e, errno, "make mounts private");
    return 0;
}

static void run_child(trial_fn *fn, const void *ctx, int flags, int out_fd)
    __attribute__((noreturn));

static void run_child(trial_fn *fn, const void *ctx, int flags, int out_fd)
{
    struct err e = {.code = ERR_OK};
    int r = enter(flags, &e);
    if (r == 0)
        r = fn(ctx, &e);
    if (r == 0)
        e = (struct err){.code = ERR_OK};
    ssize_t put = write(out_fd, &e, sizeof(e));
    _exit(put == (ssize_t)sizeof(e) ? 0 : 1);
}

int trial_run(trial_fn *fn, const void *ctx, int flags, struct err *e)
{
    int result[2];
    struct err said;
    if (pipe2(result, O_CLOEXEC) < 0)
        return err_errno(e, errno, "start a trial");
    pid_t pid = fork();
    if (pid == 0)
        run_child(fn, ctx, flags, result[1]);
    (void)close(result[1]);
    ssize_t got = pid < 0 ? -1 : read(result[0], &said, sizeof(said));
    (void)close(result[0]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    if (got != (ssize_t)sizeof(said))
        return err_set(e, ERR_INTERNAL, "the trial died");
    return said.code == ERR_OK ? 0 : err_set(e, said.code, "%s", said.msg);
}
