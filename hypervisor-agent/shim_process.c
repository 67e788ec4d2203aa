/* SPDX-License-Identifier: Apache-2.0
 *
 * A child is waited for by libuv, an adopted shim by its pidfd. A child's handle lives until the
 * child is gone, so that none is left a zombie.
 */
#include "shim_process.h"

#include "shim/control.h"
#include "timer.h"

#include <uv.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define ORDER_RETRY_MS 20

struct shim_process {
    union {
        uv_handle_t handle;
        uv_process_t child;
        uv_poll_t poll; /* of the pidfd */
    };
    int pidfd;           /* -1 for a child */
    char *run_dir;       /* owned */
    const char *order;   /* not yet heard, or NULL */
    struct timer *retry; /* owned */
    shim_exit_fn *on_exit;
    void *ctx;
    bool is_gone;
    bool is_released; /* by its owner */
};

static void on_closed(uv_handle_t *handle)
{
    struct shim_process *shim = handle->data;
    fd_closep(&shim->pidfd);
    free(shim->run_dir);
    free(shim);
}

static void release(struct shim_process *shim)
{
    timer_free(shim->retry);
    shim->retry = NULL;
    uv_close(&shim->handle, on_closed);
}

void shim_process_free(struct shim_process *shim)
{
    if (shim == NULL)
        return;
    shim->is_released = true;
    timer_stop(shim->retry);
    /* A child that lives on must still be reaped; it does not keep the loop going. */
    if (shim->is_gone || shim->pidfd >= 0)
        release(shim);
    else
        uv_unref(&shim->handle);
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

static void on_child_exit(uv_process_t *child, int64_t status, int signal)
{
    (void)status, (void)signal;
    gone(child->data);
}

static void on_pidfd_ready(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    (void)uv_poll_stop(poll);
    gone(poll->data);
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
    if (shim->is_gone)
        return;
    if (shim->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, shim->pidfd, signo, NULL, 0);
    else
        (void)kill(shim->child.pid, signo);
}

static struct shim_process *shim_new(const struct shim_process_options *options)
{
    struct shim_process *shim = calloc(1, sizeof(*shim));
    if (shim == NULL)
        return NULL;
    shim->pidfd = -1;
    shim->on_exit = options->on_exit;
    shim->ctx = options->ctx;
    shim->run_dir = strdup(options->run_dir);
    shim->retry = timer_new(options->loop, on_retry, shim);
    if (shim->run_dir == NULL || shim->retry == NULL) {
        timer_free(shim->retry);
        free(shim->run_dir);
        free(shim);
        return NULL;
    }
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

static int spawn(const struct shim_process_options *options, char *argv[], int stdin_fd,
                 struct shim_process **ret_shim, struct err *e)
{
    const char *names[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", NULL};
    char *env[ARRAY_LEN(names)] = {NULL};
    uv_stdio_container_t files[3] = {
        {.flags = stdin_fd >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = stdin_fd},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    struct shim_process *shim = shim_new(options);
    if (shim == NULL)
        return err_errno(e, ENOMEM, "start %s", options->program);

    environment(names, env);
    const uv_process_options_t how = {.exit_cb = on_child_exit,
                                      .file = options->program,
                                      .args = argv,
                                      .env = env,
                                      .flags = UV_PROCESS_DETACHED,
                                      .stdio = files,
                                      .stdio_count = ARRAY_LEN(files)};
    int rc = uv_spawn(options->loop, &shim->child, &how);
    shim->handle.data = shim;
    for (size_t i = 0; env[i] != NULL; i++)
        free(env[i]);
    if (rc != 0) {
        release(shim);
        return err_errno(e, -rc, "start %s", options->program);
    }
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
    CLEANUP(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
        return errno == ESRCH ? err_set(e, ERR_NOT_FOUND, "the shim is gone")
                              : err_errno(e, errno, "follow shim %d", (int)pid);
    struct shim_process *shim = shim_new(options);
    if (shim == NULL)
        return err_errno(e, ENOMEM, "follow shim %d", (int)pid);
    int rc = uv_poll_init(options->loop, &shim->poll, pidfd);
    if (rc != 0) {
        timer_free(shim->retry);
        free(shim->run_dir);
        free(shim);
        return err_errno(e, -rc, "follow shim %d", (int)pid);
    }
    shim->handle.data = shim;
    shim->pidfd = TAKE_FD(pidfd);
    (void)uv_poll_start(&shim->poll, UV_READABLE, on_pidfd_ready);
    *ret_shim = shim;
    return 0;
}
