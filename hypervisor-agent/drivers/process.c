/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-init is our child from the start, and kills itself with its whole namespace when we die:
 * there is nothing to reap.
 */
#include "drivers/process.h"

#include "base/clock.h"
#include "drivers/init_channel.h"
#include "init/init_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGES_MAX 8
#define BYTES_PER_KIB 1024

enum watched {
    WATCHED_CHANNEL,
    WATCHED_INIT,
};

struct sandbox {
    const struct run_spec *spec; /* borrowed */
    int poll_fd;
    int channel_fd; /* -1 once closed */
    int init_fd;    /* pidfd */
    int out_fd;     /* borrowed until the order is sent */
    int err_fd;
    pid_t init_pid; /* 0 before start, and when it was reaped */
    int status;     /* as waitpid gives it */
    bool has_ended;
    bool is_ordered;
    bool started;
    struct rusage use;
    struct init_event failure; /* kind FAILED when the command could not be executed */
    struct err problem;
};

static void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    fd_closep(&sandbox->channel_fd);
    fd_closep(&sandbox->init_fd);
    fd_closep(&sandbox->poll_fd);
    free(sandbox);
}

static void sandbox_freep(struct sandbox **sandbox)
{
    sandbox_free(*sandbox);
}

static int process_prepare(const struct run_spec *spec, struct sandbox **ret_sandbox, struct err *e)
{
    CLEANUP(sandbox_freep) struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    if (sandbox == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    if (spec->sandbox == RUN_SANDBOX_UNTRUSTED)
        return err_set(e, ERR_INVALID, "sandbox untrusted: a process of the machine is in none");
    if (geteuid() != 0)
        return err_set(e, ERR_DENIED, "driver process needs root, for the process's namespaces");
    sandbox->spec = spec;
    sandbox->channel_fd = -1;
    sandbox->init_fd = -1;
    sandbox->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (sandbox->poll_fd < 0)
        return err_errno(e, errno, "prepare the process");
    *ret_sandbox = TAKE_PTR(sandbox);
    return 0;
}

static void become_init(const char *program, int channel_fd) __attribute__((noreturn));

/* As PID 1 of the new namespace. Descriptors of ours but the channel are close-on-exec. */
static void become_init(const char *program, int channel_fd)
{
    char name[] = "errand-init";
    char *const argv[] = {name, NULL};
    char *const env[] = {NULL};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
        mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0 &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
        dup2(channel_fd, INIT_CHANNEL_FD) == INIT_CHANNEL_FD &&
        fcntl(INIT_CHANNEL_FD, F_SETFD, 0) == 0)
        (void)execve(program, argv, env);
    _exit(INIT_EXIT_NOT_EXECUTABLE);
}

static int watch(const struct sandbox *sandbox, int fd, enum watched what, struct err *e)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};
    if (epoll_ctl(sandbox->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_errno(e, errno, "watch the process");
    return 0;
}

/* fork(), with the child in namespaces of its own. */
static pid_t fork_apart(enum run_network network)
{
    struct clone_args args = {
        .flags = CLONE_NEWPID | CLONE_NEWNS | (network == RUN_NETWORK_NONE ? CLONE_NEWNET : 0),
        .exit_signal = SIGCHLD,
    };
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int process_start(struct sandbox *sandbox, int out_fd, int err_fd, struct err *e)
{
    CLEANUP(fd_closep) int theirs = -1;
    sandbox->out_fd = out_fd;
    sandbox->err_fd = err_fd;
    int r = init_channel_open(&sandbox->channel_fd, &theirs, e);
    if (r < 0)
        return r;
    pid_t pid = fork_apart(sandbox->spec->network);
    if (pid == 0)
        become_init(sandbox->spec->init, theirs);
    if (pid < 0)
        return err_errno(e, errno, "start errand-init");
    sandbox->init_pid = pid;
    sandbox->init_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (sandbox->init_fd < 0)
        return err_errno(e, errno, "watch errand-init");
    r = watch(sandbox, sandbox->channel_fd, WATCHED_CHANNEL, e);
    return r < 0 ? r : watch(sandbox, sandbox->init_fd, WATCHED_INIT, e);
}

static int process_poll_fd(const struct sandbox *sandbox)
{
    return sandbox->poll_fd;
}

static void process_kill(struct sandbox *sandbox)
{
    if (sandbox->init_pid > 0)
        (void)kill(sandbox->init_pid, SIGKILL);
}

static void send_order(struct sandbox *sandbox)
{
    if (sandbox->is_ordered)
        return;
    sandbox->is_ordered = true;
    if (init_channel_send_order(sandbox->channel_fd, sandbox->spec, sandbox->out_fd,
                                sandbox->err_fd, &sandbox->problem) < 0)
        process_kill(sandbox);
    else
        init_channel_send_adopted(sandbox->channel_fd);
}

/* Returns whether there may be more to read. */
static bool handle_channel(struct sandbox *sandbox)
{
    struct init_event event = init_channel_receive(sandbox->channel_fd);
    switch (event.kind) {
    case INIT_EVENT_NONE:
        return false;
    case INIT_EVENT_READY:
        send_order(sandbox);
        break;
    case INIT_EVENT_STARTED:
        sandbox->started = true;
        break;
    case INIT_EVENT_FAILED:
        if (!sandbox->started)
            sandbox->failure = event;
        break;
    case INIT_EVENT_CLOSED:
        (void)close(TAKE_FD(sandbox->channel_fd));
        return false;
    }
    return true;
}

static void drain_channel(struct sandbox *sandbox)
{
    for (int i = 0; i < MESSAGES_MAX && sandbox->channel_fd >= 0 && handle_channel(sandbox); i++)
        continue;
}

static void reap_init(struct sandbox *sandbox)
{
    pid_t pid = wait4(sandbox->init_pid, &sandbox->status, WNOHANG, &sandbox->use);
    if (pid != sandbox->init_pid)
        return;
    sandbox->init_pid = 0;
    sandbox->has_ended = true;
}

static void set_ended(struct sandbox_report *report, enum termination_reason reason, int exit_code,
                      const char *message)
{
    report->state = SANDBOX_ENDED;
    report->reason = reason;
    report->exit_code = exit_code;
    (void)snprintf(report->message, sizeof(report->message), "%s", message);
}

static void process_step(struct sandbox *sandbox, struct sandbox_report *ret_report)
{
    drain_channel(sandbox);
    if (sandbox->init_pid > 0)
        reap_init(sandbox);
    if (sandbox->has_ended)
        drain_channel(sandbox);

    int status = sandbox->status;
    *ret_report = (struct sandbox_report){
        .state = sandbox->started ? SANDBOX_RUNNING : SANDBOX_STARTING, .exit_code = -1};
    if (!sandbox->has_ended)
        return;
    if (sandbox->failure.kind == INIT_EVENT_FAILED)
        set_ended(ret_report, TERMINATION_INVALID_COMMAND, sandbox->failure.exit_code,
                  sandbox->failure.text);
    else if (sandbox->problem.code != ERR_OK)
        set_ended(ret_report, TERMINATION_START_FAILED, -1, sandbox->problem.msg);
    else if (!sandbox->started)
        set_ended(ret_report, TERMINATION_START_FAILED, -1,
                  "errand-init ended before the command was executed");
    else
        set_ended(ret_report, TERMINATION_EXITED,
                  WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), "");
}

static void process_signal(struct sandbox *sandbox, int signo)
{
    if (sandbox->init_pid > 0)
        (void)kill(sandbox->init_pid, signo);
}

static uint64_t us_of(struct timeval time)
{
    return (uint64_t)(time.tv_sec * CLOCK_US_PER_S + time.tv_usec);
}

/* Of init and all it has reaped; memory is that of the largest process. */
static void process_stats(const struct sandbox *sandbox, struct sandbox_use *ret_use)
{
    *ret_use = (struct sandbox_use){
        .cpu_us = us_of(sandbox->use.ru_utime) + us_of(sandbox->use.ru_stime),
        .memory_peak_bytes = (uint64_t)sandbox->use.ru_maxrss * BYTES_PER_KIB,
    };
}

static int process_destroy(struct sandbox *sandbox, struct err *e)
{
    process_kill(sandbox);
    if (sandbox->init_pid > 0)
        reap_init(sandbox);
    return sandbox->init_pid == 0 ? 0 : err_set(e, ERR_CONFLICT, "the process is still dying");
}

static int process_reap(const struct run_status *status, struct err *e)
{
    (void)status;
    (void)e;
    return 0;
}

const struct driver process_driver = {
    .name = "process",
    .abilities = DRIVER_CAN(NETWORK_NONE) | DRIVER_CAN(SECRETS) | DRIVER_CAN(DIES_WITH_SHIM) |
                 DRIVER_CAN(STATS),
    .prepare = process_prepare,
    .start = process_start,
    .poll_fd = process_poll_fd,
    .step = process_step,
    .signal = process_signal,
    .kill = process_kill,
    .stats = process_stats,
    .destroy = process_destroy,
    .free = sandbox_free,
    .reap = process_reap,
};
