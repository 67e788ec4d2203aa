/* SPDX-License-Identifier: Apache-2.0
 *
 * Four things can happen, in nearly any order: the runtime says something, the runtime ends, init
 * says something, init ends. Each sets a fact; report() reads the facts. init's end is seen once
 * the runtime is gone and we have become its parent, and so are those of helpers a runtime leaves.
 */
#include "drivers/oci.h"

#include "base/parse.h"
#include "drivers/bridge.h"
#include "drivers/cgroup.h"
#include "drivers/cgroup_devices.h"
#include "drivers/cgroup_make.h"
#include "drivers/disk_watch.h"
#include "drivers/init_channel.h"
#include "drivers/oci_bundle.h"
#include "drivers/oci_runtime.h"
#include "drivers/process_io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A container that talks without end is not listened to for ever. */
#define MESSAGES_MAX 8

enum watched {
    WATCHED_WORDS,
    WATCHED_CHANNEL,
    WATCHED_CHILDREN,
    WATCHED_DISK,
};

struct sandbox {
    const struct run_spec *spec; /* borrowed */
    enum cgroup_layout layout;
    char id[RUN_BOX_NAME_BYTES];
    int poll_fd;
    int children_fd; /* signalfd of SIGCHLD */
    struct oci_runtime runtime;
    int channel_fd; /* -1 once closed */
    int out_fd;     /* borrowed from start until the order is sent */
    int err_fd;

    struct disk_watch disk;
    struct address_lease lease; /* none until READY, and with network NONE */

    pid_t init_pid;         /* 0 until READY */
    int init_status;        /* as waitpid gives it, once reaped */
    uint64_t cpu_us_before; /* the group's, used by the runtime */
    struct process_io io;   /* of init and all it has reaped, when a child of ours last ended */
    bool init_reaped;
    bool childless;  /* the runtime, its helpers and init have all been reaped */
    bool is_settled; /* init waits in a sandbox that lacks nothing but its order */
    bool is_ordered; /* out_fd and err_fd are known */
    bool is_sent;    /* init has its order */
    bool adopted;
    bool started;
    struct init_event failure; /* kind FAILED when the command could not be executed */
    struct err problem;        /* of our own, when code is set */
};

static void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    oci_runtime_done(&sandbox->runtime);
    disk_watch_done(&sandbox->disk);
    fd_closep(&sandbox->channel_fd);
    fd_closep(&sandbox->children_fd);
    fd_closep(&sandbox->poll_fd);
    free(sandbox);
}

static void sandbox_freep(struct sandbox **sandbox)
{
    sandbox_free(*sandbox);
}

static struct sandbox *sandbox_new(const struct run_spec *spec)
{
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    if (sandbox == NULL)
        return NULL;
    sandbox->spec = spec;
    sandbox->poll_fd = -1;
    sandbox->channel_fd = -1;
    sandbox->children_fd = -1;
    oci_runtime_init(&sandbox->runtime);
    disk_watch_init(&sandbox->disk);
    run_box_name(spec->run, spec->attempt, sandbox->id);
    return sandbox;
}

static int watch(const struct sandbox *sandbox, int fd, enum watched what, struct err *e)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};
    if (epoll_ctl(sandbox->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_errno(e, errno, "watch the container");
    return 0;
}

/* prepare */

static int open_children(struct sandbox *sandbox, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_errno(e, errno, "watch children");
    sandbox->children_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (sandbox->children_fd < 0)
        return err_errno(e, errno, "watch children");
    return watch(sandbox, sandbox->children_fd, WATCHED_CHILDREN, e);
}

static int watch_disk(struct sandbox *sandbox, struct err *e)
{
    struct disk_watch *disk = &sandbox->disk;
    disk->dir = ROOTFS_OVERLAY;
    disk->cgroup = sandbox->spec->cgroup;
    disk->layout = sandbox->layout;
    disk->limit_bytes = sandbox->spec->disk_bytes;
    int r = disk_watch_start(disk, e);
    if (r < 0 || disk->timer_fd < 0)
        return r;
    return watch(sandbox, disk->timer_fd, WATCHED_DISK, e);
}

static int oci_prepare(const struct run_spec *spec, struct sandbox **ret_sandbox, struct err *e)
{
    CLEANUP(sandbox_freep) struct sandbox *sandbox = sandbox_new(spec);
    if (sandbox == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    if (!cgroup_path_is_safe(spec->cgroup))
        return err_set(e, ERR_INVALID, "cgroup must be like /errand/name");
    sandbox->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (sandbox->poll_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return err_errno(e, errno, "prepare the container");

    int r = open_children(sandbox, e);
    if (r == 0)
        r = cgroup_layout_find(&sandbox->layout, e);
    if (r == 0)
        r = oci_bundle_make(spec, sandbox->layout, e);
    if (r < 0)
        return r;
    *ret_sandbox = TAKE_PTR(sandbox);
    return 0;
}

/* start and step */

static int oci_create(struct sandbox *sandbox, struct err *e)
{
    CLEANUP(fd_closep) int theirs = -1;
    int r = init_channel_open(&sandbox->channel_fd, &theirs, e);
    if (r == 0)
        r = cgroup_make(sandbox->layout, sandbox->spec->cgroup, e);
    if (r == 0)
        r = oci_runtime_start(&sandbox->runtime,
                              &(struct oci_runtime_order){
                                  .program = sandbox->spec->runtime,
                                  .bundle = oci_bundle_path(sandbox->spec),
                                  .id = sandbox->id,
                                  .layout = sandbox->layout,
                                  .cgroup = sandbox->spec->cgroup,
                                  .channel_fd = theirs,
                              },
                              e);
    if (r == 0)
        r = watch(sandbox, sandbox->runtime.words_fd, WATCHED_WORDS, e);
    if (r == 0)
        r = watch(sandbox, sandbox->channel_fd, WATCHED_CHANNEL, e);
    return r;
}

static int oci_poll_fd(const struct sandbox *sandbox)
{
    return sandbox->poll_fd;
}

/* Only when init is our child for certain: a detaching crun's second process may outlive the first,
 * and init, told too early, would die with it instead of with us. */
static void try_adopt(struct sandbox *sandbox)
{
    siginfo_t info;
    if (sandbox->adopted || sandbox->init_pid == 0 || sandbox->channel_fd < 0 ||
        waitid(P_PID, (id_t)sandbox->init_pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return;
    init_channel_send_adopted(sandbox->channel_fd);
    sandbox->adopted = true;
    sandbox->cpu_us_before = cgroup_reset_use(sandbox->layout, sandbox->spec->cgroup);
}

/* While crun makes the container it is in the group, too: what is left of the limits then is not
 * what was asked for. */
static bool is_alone(const struct sandbox *sandbox)
{
    return sandbox->adopted || !oci_runtime_is_crun(sandbox->spec->runtime);
}

static int send_order(struct sandbox *sandbox, struct err *e)
{
    try_adopt(sandbox);
    if (!sandbox->is_settled || !sandbox->is_ordered || sandbox->is_sent ||
        sandbox->channel_fd < 0 || !is_alone(sandbox))
        return 0;
    sandbox->is_sent = true;
    return init_channel_send_order(sandbox->channel_fd, sandbox->spec, sandbox->out_fd,
                                   sandbox->err_fd, e);
}

static int limit(const struct sandbox *sandbox, struct err *e)
{
    const struct run_spec *spec = sandbox->spec;
    struct cgroup_limits limits = {
        .memory_bytes = spec->memory_bytes,
        .cpu_milli = spec->cpu_milli,
        /* errand-init is one more than the user asked for */
        .processes = spec->pids_limit == 0 ? 0 : (uint64_t)spec->pids_limit + 1,
    };
    int r = cgroup_limit(sandbox->layout, spec->cgroup, &limits, e);
    return r < 0 ? r : cgroup_devices_restrict(sandbox->layout, spec->cgroup, e);
}

/* The sandbox stands; besides init only a runtime that is about to end is in the group. */
static int settle(struct sandbox *sandbox, pid_t init_pid, struct err *e)
{
    sandbox->init_pid = init_pid;
    int r = limit(sandbox, e);
    if (r == 0 && sandbox->spec->network == RUN_NETWORK_BRIDGE)
        r = bridge_attach(sandbox->spec, sandbox->id, init_pid, &sandbox->lease, e);
    if (r < 0)
        return r;
    sandbox->is_settled = true;
    return send_order(sandbox, e);
}

static int oci_start(struct sandbox *sandbox, int out_fd, int err_fd, struct err *e)
{
    sandbox->out_fd = out_fd;
    sandbox->err_fd = err_fd;
    sandbox->is_ordered = true;
    int r = watch_disk(sandbox, e);
    if (r == 0 && sandbox->runtime.pid == 0)
        r = oci_create(sandbox, e);
    return r < 0 ? r : send_order(sandbox, e);
}

/* The runtime, what it left to us, and init: all we have. */
static void kill_children(void)
{
    char list[1024];
    CLEANUP(fd_closep) int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, list, sizeof(list));
    size_t end = got < 0 ? 0 : (size_t)got;
    for (size_t at = 0, n; at < end; at += n + 1) {
        int64_t pid;
        const char *blank = memchr(list + at, ' ', end - at);
        n = blank == NULL ? end - at : (size_t)(blank - list) - at;
        if (blank != NULL && parse_i64_n(list + at, n, 2, INT32_MAX, "pid", &pid, NULL) == 0)
            (void)kill((pid_t)pid, SIGKILL);
    }
}

static void oci_kill(struct sandbox *sandbox)
{
    oci_runtime_kill(&sandbox->runtime);
    kill_children();
    (void)cgroup_kill(sandbox->layout, sandbox->spec->cgroup);
}

/* Returns whether there may be more to read. */
static bool handle_channel(struct sandbox *sandbox)
{
    struct init_event event = init_channel_receive(sandbox->channel_fd);
    switch (event.kind) {
    case INIT_EVENT_NONE:
        return false;
    case INIT_EVENT_READY:
        if (sandbox->init_pid == 0 && settle(sandbox, event.pid, &sandbox->problem) < 0)
            oci_kill(sandbox);
        break;
    case INIT_EVENT_STARTED:
        sandbox->started = sandbox->is_settled && sandbox->is_ordered;
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

static void handle_runtime_end(struct sandbox *sandbox, int status)
{
    oci_runtime_set_ended(&sandbox->runtime, status);
    if (status != 0)
        oci_kill(sandbox);
}

static void handle_init_end(struct sandbox *sandbox, int status)
{
    sandbox->init_status = status;
    sandbox->init_reaped = true;
    disk_watch_stop(&sandbox->disk); /* or we would never be childless */
}

static void handle_tick(struct sandbox *sandbox)
{
    disk_watch_tick(&sandbox->disk);
    if (sandbox->disk.is_over)
        oci_kill(sandbox);
}

static void drain_channel(struct sandbox *sandbox)
{
    for (int i = 0; i < MESSAGES_MAX && sandbox->channel_fd >= 0 && handle_channel(sandbox); i++)
        continue;
}

/* The container's last figures are those of init before it is reaped: all else was its to reap. */
static void read_io(struct sandbox *sandbox)
{
    if (sandbox->init_pid == 0 || sandbox->init_reaped)
        return;
    sandbox->io = (struct process_io){0};
    process_io_add(&sandbox->io, sandbox->init_pid);
}

/* What init has said is taken in first: that is how we know its pid; and what it said last, last.
 */
static void handle_children(struct sandbox *sandbox)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;
    while (read(sandbox->children_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        continue;
    drain_channel(sandbox);
    read_io(sandbox);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == sandbox->runtime.pid)
            handle_runtime_end(sandbox, status);
        else if (pid == sandbox->init_pid)
            handle_init_end(sandbox, status);
        else if (disk_watch_take(&sandbox->disk, pid) && sandbox->disk.is_over)
            oci_kill(sandbox);
    }
    sandbox->childless = pid < 0 && errno == ECHILD;
    if (sandbox->childless)
        drain_channel(sandbox);
    else if (send_order(sandbox, &sandbox->problem) < 0)
        oci_kill(sandbox);
}

static void handle(struct sandbox *sandbox, enum watched what)
{
    switch (what) {
    case WATCHED_WORDS:
        if (sandbox->runtime.words_fd >= 0)
            oci_runtime_read_words(&sandbox->runtime);
        break;
    case WATCHED_CHANNEL:
        if (sandbox->channel_fd >= 0)
            (void)handle_channel(sandbox);
        break;
    case WATCHED_CHILDREN:
        handle_children(sandbox);
        break;
    case WATCHED_DISK:
        if (sandbox->disk.timer_fd >= 0)
            handle_tick(sandbox);
        break;
    }
}

static void set_ended(struct sandbox_report *report, enum termination_reason reason, int exit_code,
                      const char *message)
{
    report->state = SANDBOX_ENDED;
    report->reason = reason;
    report->exit_code = exit_code;
    (void)snprintf(report->message, sizeof(report->message), "%s", message);
}

static int exit_code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A command may run, print and be killed while the runtime that made its container still puts down
 * its own notes. That it was killed along with the rest says nothing about the command. */
static bool has_runtime_failed(const struct sandbox *sandbox)
{
    const struct oci_runtime *runtime = &sandbox->runtime;
    bool is_ours = runtime->is_killed && WIFSIGNALED(runtime->status);
    return runtime->status != 0 && !(sandbox->started && is_ours);
}

static void report(const struct sandbox *sandbox, struct sandbox_report *ret_report)
{
    char complaint[EXIT_MESSAGE_BYTES];
    bool is_waiting = sandbox->is_settled && !sandbox->is_ordered;
    *ret_report = (struct sandbox_report){
        .state = sandbox->started ? SANDBOX_RUNNING
                 : is_waiting     ? SANDBOX_WAITING
                                  : SANDBOX_STARTING,
        .exit_code = -1,
    };
    if (!sandbox->childless)
        return;

    if (sandbox->failure.kind == INIT_EVENT_FAILED) {
        set_ended(ret_report, TERMINATION_INVALID_COMMAND, sandbox->failure.exit_code,
                  sandbox->failure.text);
    } else if (sandbox->problem.code != ERR_OK) {
        set_ended(ret_report, sandbox->started ? TERMINATION_INTERNAL : TERMINATION_START_FAILED,
                  -1, sandbox->problem.msg);
    } else if (has_runtime_failed(sandbox)) {
        oci_runtime_complaint(&sandbox->runtime, complaint, sizeof(complaint));
        set_ended(ret_report, TERMINATION_START_FAILED, -1, complaint);
    } else if (sandbox->disk.is_over) {
        (void)snprintf(complaint, sizeof(complaint),
                       "the disk limit of %" PRIu64 " MiB was reached",
                       sandbox->spec->disk_bytes >> 20);
        set_ended(ret_report, TERMINATION_EXITED, exit_code_of(sandbox->init_status), complaint);
    } else if (!sandbox->started) {
        set_ended(ret_report, TERMINATION_START_FAILED, -1,
                  "the container's init ended before the command was executed");
    } else {
        set_ended(ret_report, TERMINATION_EXITED, exit_code_of(sandbox->init_status), "");
    }
}

static void oci_step(struct sandbox *sandbox, struct sandbox_report *ret_report)
{
    struct epoll_event events[4];
    int n = epoll_wait(sandbox->poll_fd, events, ARRAY_LEN(events), 0);
    for (int i = 0; i < n; i++)
        handle(sandbox, (enum watched)events[i].data.u32);
    report(sandbox, ret_report);
}

/* signal, use, destroy */

static void oci_signal(struct sandbox *sandbox, int signo)
{
    if (sandbox->init_pid > 0 && !sandbox->childless)
        (void)kill(sandbox->init_pid, signo);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void oci_stats(const struct sandbox *sandbox, struct sandbox_use *ret_use)
{
    struct cgroup_use use;
    cgroup_read_use(sandbox->layout, sandbox->spec->cgroup, &use);
    *ret_use = (struct sandbox_use){
        .cpu_us = larger(use.cpu_us, sandbox->cpu_us_before) - sandbox->cpu_us_before,
        .memory_peak_bytes = use.memory_peak_bytes,
        .io_read_bytes = larger(use.io_read_bytes, sandbox->io.read_bytes),
        .io_write_bytes = larger(use.io_write_bytes, sandbox->io.write_bytes),
        .oom_kills = use.oom_kills,
    };
}

static int remove_traces(enum cgroup_layout layout, const char *cgroup, struct err *e)
{
    int r = cgroup_remove(layout, cgroup, e);
    if (r < 0) {
        (void)cgroup_kill(layout, cgroup);
        return r;
    }
    return oci_bundle_remove(e);
}

static int oci_destroy(struct sandbox *sandbox, struct err *e)
{
    oci_runtime_done(&sandbox->runtime);
    int r = remove_traces(sandbox->layout, sandbox->spec->cgroup, e);
    if (r == 0)
        bridge_detach(&sandbox->lease);
    return r;
}

static int oci_reap(const struct run_status *status, struct err *e)
{
    enum cgroup_layout layout;
    char id[RUN_BOX_NAME_BYTES];
    if (!cgroup_path_is_safe(status->cgroup))
        return 0; /* refused by prepare too: nothing was made */
    int r = cgroup_layout_find(&layout, e);
    if (r < 0)
        return r;
    run_box_name(status->run, status->attempt, id);
    if (status->box[0] != '\0')
        memcpy(id, status->box, sizeof(id));
    oci_runtime_kill_strays(id);
    (void)cgroup_kill(layout, status->cgroup);
    r = remove_traces(layout, status->cgroup, e);
    if (r == 0)
        bridge_reap(id);
    return r;
}

const struct driver oci_driver = {
    .name = "oci",
    .abilities = (1U << DRIVER_ABILITY_COUNT) - 1,
    .prepare = oci_prepare,
    .create = oci_create,
    .start = oci_start,
    .poll_fd = oci_poll_fd,
    .step = oci_step,
    .signal = oci_signal,
    .kill = oci_kill,
    .stats = oci_stats,
    .destroy = oci_destroy,
    .free = sandbox_free,
    .reap = oci_reap,
};
