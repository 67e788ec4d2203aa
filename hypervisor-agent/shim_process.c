/* SPDX-License-Identifier: Apache-2.0
 *
 * A shim is waited for by its pidfd, whether we started it or found it. A child's handle lives
 * until the child is gone, so that none is left a zombie.
 */
#include "shim_process.h"

#include "shim/control.h"
#include "timer.h"

#include <uv.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDER_RETRY_MS 20

struct shim_process {
    uv_poll_t poll; /* of the pidfd */
    int pidfd;
    pid_t child;         /* 0 for a shim that was adopted */
    char *run_dir;       /* owned */
    const char *order;   /* not yet heard, or NULL */
    struct timer *retry; /* owned */
    shim_exit_fn *on_exit;
    void *ctx;
    bool is_gone;
    bool is_released; /* by its owner */
};

static void discard(struct shim_process *shim)
{
    timer_free(shim->retry);
    fd_closep(&shim->pidfd);
    free(shim->run_dir);
    free(shim);
}

static void on_closed(uv_handle_t *handle)
{
    discard(handle->data);
}

static void release(struct shim_process *shim)
{
    timer_free(shim->retry);
    shim->retry = NULL;
    uv_close((uv_handle_t *)&shim->poll, on_closed);
}

void shim_process_free(struct shim_process *shim)
{
    if (shim == NULL)
        return;
    shim->is_released = true;
    timer_stop(shim->retry);
    /* A child that lives on must still be reaped; it does not keep the loop going. */
    if (shim->is_gone || shim->child == 0)
        release(shim);
    else
        uv_unref((uv_handle_t *)&shim->poll);
}

static void gone(struct shim_process *shim)
{
    shim->is_gone = true;
    timer_stop(shim->retry);
    if (shim->is_released)
        release(shim);
    else
        shim->on_exit(shim->ctx);
}

static void on_pidfd_ready(uv_poll_t *poll, int status, int events)
{
    struct shim_process *shim = poll->data;
    (void)status, (void)events;
    (void)uv_poll_stop(poll);
    if (shim->child != 0)
        (void)waitpid(shim->child, NULL, 0);
    gone(shim);
}

static void on_retry(void *ctx)
{
    struct shim_process *shim = ctx;
    if (shim->order != NULL)
        shim_process_order(shim, shim->order);
}

/* A shim that was just started does not listen yet. */
void shim_process_order(struct shim_process *shim, const char *order)
{
    shim->order = NULL;
    if (shim->is_gone || control_send(shim->run_dir, order, NULL) == 0)
        return;
    shim->order = order;
    timer_start(shim->retry, ORDER_RETRY_MS);
}

void shim_process_pass(struct shim_process *shim, char *run_dir, shim_exit_fn *on_exit, void *ctx)
{
    free(shim->run_dir);
    shim->run_dir = run_dir;
    shim->on_exit = on_exit;
    shim->ctx = ctx;
}

bool shim_process_is_gone(const struct shim_process *shim)
{
    return shim == NULL || shim->is_gone;
}

void shim_process_signal(const struct shim_process *shim, int signo)
{
    if (!shim->is_gone)
        (void)syscall(SYS_pidfd_send_signal, shim->pidfd, signo, NULL, 0);
}

/* Takes `pidfd`. NULL: out of memory or descriptors. */
static struct shim_process *shim_new(const struct shim_process_options *options, int pidfd)
{
    CLEANUP(fd_closep) int fd = pidfd;
    struct shim_process *shim = calloc(1, sizeof(*shim));
    if (shim == NULL)
        return NULL;
    shim->pidfd = TAKE_FD(fd);
    shim->on_exit = options->on_exit;
    shim->ctx = options->ctx;
    shim->run_dir = strdup(options->run_dir);
    shim->retry = timer_new(options->loop, on_retry, shim);
    if (shim->run_dir == NULL || shim->retry == NULL ||
        uv_poll_init(options->loop, &shim->poll, shim->pidfd) != 0) {
        discard(shim);
        return NULL;
    }
    shim->poll.data = shim;
    (void)uv_poll_start(&shim->poll, UV_READABLE, on_pidfd_ready);
    return shim;
}

/* It is never on a disk, and no pipe has to be fed. */
int shim_process_spec_file(const struct buf *spec, int *ret_fd, struct err *e)
{
    CLEANUP(fd_closep) int fd = memfd_create("run-spec", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "hand over the spec");
    for (size_t done = 0; done < spec->len;) {
        ssize_t n = write(fd, spec->data + done, spec->len - done);
        if (n < 0 && errno != EINTR)
            return err_errno(e, errno, "hand over the spec");
        done += n > 0 ? (size_t)n : 0;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(e, errno, "hand over the spec");
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* What a shim may know of the agent's environment. */
static void environment(const char *names[], char *into[])
{
    size_t n = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && asprintf(&into[n], "%s=%s", names[i], value) >= 0)
            n++;
    }
    into[n] = NULL;
}

/* posix_spawn() does not copy our page tables; fork() does: a millisecond of each start. */
static int execute(const char *program, char *argv[], char *env[], int stdin_fd, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int r = posix_spawn_file_actions_init(&files);
    if (r != 0)
        return r;
    r = posix_spawnattr_init(&how);
    if (r == 0) {
        (void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                 POSIX_SPAWN_SETSIGDEF);
        (void)posix_spawnattr_setsigmask(&how, &none);
        (void)posix_spawnattr_setsigdefault(&how, &all);
        if (stdin_fd >= 0)
            r = posix_spawn_file_actions_adddup2(&files, stdin_fd, STDIN_FILENO);
        else
            r = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
            r = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
            r = posix_spawn(ret_pid, program, &files, &how, argv, env);
        (void)posix_spawnattr_destroy(&how);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return r;
}

static int spawn(const struct shim_process_options *options, char *argv[], int stdin_fd,
                 struct shim_process **ret_shim, struct err *e)
{
    const char *names[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL};
    char *env[ARRAY_LEN(names)] = {NULL};
    pid_t pid = 0;
    environment(names, env);
    int rc = execute(options->program, argv, env, stdin_fd, &pid);
    for (size_t i = 0; env[i] != NULL; i++)
        free(env[i]);
    if (rc != 0)
        return err_errno(e, rc, "start %s", options->program);

    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct shim_process *shim = pidfd < 0 ? NULL : shim_new(options, pidfd);
    if (shim == NULL) {
        int errnum = pidfd < 0 ? errno : ENOMEM;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return err_errno(e, errnum, "start %s", options->program);
    }
    shim->child = pid;
    *ret_shim = shim;
    return 0;
}

int shim_process_start(const struct shim_process_options *options, const struct buf *spec,
                       struct shim_process **ret_shim, struct err *e)
{
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(freep) char *run_dir = strdup(options->run_dir);
    char name[] = "errand-shim";
    char *argv[] = {name, run_dir, NULL};
    if (run_dir == NULL)
        return err_errno(e, ENOMEM, "start %s", options->program);
    int rc = shim_process_spec_file(spec, &fd, e);
    return rc < 0 ? rc : spawn(options, argv, fd, ret_shim, e);
}

int shim_process_reap(const struct shim_process_options *options, struct shim_process **ret_shim,
                      struct err *e)
{
    CLEANUP(freep) char *run_dir = strdup(options->run_dir);
    char name[] = "errand-shim";
    char flag[] = "--reap";
    char *argv[] = {name, flag, run_dir, NULL};
    if (run_dir == NULL)
        return err_errno(e, ENOMEM, "start %s", options->program);
    return spawn(options, argv, -1, ret_shim, e);
}

int shim_process_adopt(const struct shim_process_options *options, pid_t pid,
                       struct shim_process **ret_shim, struct err *e)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
        return errno == ESRCH ? err_set(e, ERR_NOT_FOUND, "the shim is gone")
                              : err_errno(e, errno, "follow shim %d", (int)pid);
    *ret_shim = shim_new(options, pidfd);
    return *ret_shim == NULL ? err_errno(e, ENOMEM, "follow shim %d", (int)pid) : 0;
}
