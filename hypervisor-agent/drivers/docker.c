/* SPDX-License-Identifier: Apache-2.0
 *
 * One request after the other: create, attach, start, wait, and when all output is here, inspect.
 * Each stage has begun its request when it is entered; advance() looks whether it is answered. What
 * kills or signals goes on a connection of its own.
 */
#include "drivers/docker.h"

#include "base/clock.h"
#include "drivers/cgroup.h"
#include "drivers/docker_failure.h"
#include "drivers/docker_output.h"
#include "drivers/docker_request.h"
#include "engine/engine_answer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define REQUEST_MAX_BYTES (RUN_SPEC_MAX_BYTES * 2)
#define PATH_BYTES (ENGINE_ID_BYTES + 128)

/* From the end of a container to the end of its output. */
#define DRAIN_S 10

/* For one request while cleaning up; the shim tries again. */
#define REMOVE_US (10 * CLOCK_US_PER_S)
#define ABANDONED_US (1 * CLOCK_US_PER_S)

/* How long an engine may take to make a container nobody waits for any more. Should it take longer,
 * the agent's sweep finds the container by its labels. */
#define MAKING_US (3 * CLOCK_US_PER_S)

#define EXIT_CODE_MAX 255
#define EXIT_CODE_KILLED (128 + SIGKILL)

/* How much below its limit the peak of a container that was killed for memory may be: what the
 * kernel charges at once. */
#define MEMORY_SLACK(limit) ((limit) / 16)

enum stage {
    STAGE_NEW,
    STAGE_CREATING,
    STAGE_ATTACHING,
    STAGE_STARTING,
    STAGE_RUNNING,    /* wait is under way */
    STAGE_DRAINING,   /* ended; output is still coming */
    STAGE_INSPECTING, /* how it ended */
    STAGE_ENDED,
};

struct sandbox {
    const struct run_spec *spec; /* borrowed */
    enum cgroup_layout layout;
    char run_dir[PATH_MAX];
    char name[DOCKER_NAME_BYTES];
    char id[ENGINE_ID_BYTES];
    enum stage stage;
    int poll_fd;
    int timer_fd; /* of DRAINING; and to be called again at once */
    struct engine_call call;
    struct engine_call signal_call;
    int signal_due; /* 0 = none; sent when signal_call is free */
    bool killed;    /* by us */
    bool was_asked; /* the engine, to create: there may be something to remove */
    struct docker_output output;
    struct engine_container_state end;
    struct sandbox_report report;
};

static void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    engine_call_done(&sandbox->call);
    engine_call_done(&sandbox->signal_call);
    docker_output_done(&sandbox->output);
    fd_closep(&sandbox->timer_fd);
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
    sandbox->timer_fd = -1;
    sandbox->report = (struct sandbox_report){.state = SANDBOX_STARTING, .exit_code = -1};
    engine_call_init(&sandbox->call);
    engine_call_init(&sandbox->signal_call);
    docker_output_init(&sandbox->output);
    docker_name(spec->run, spec->attempt, sandbox->name);
    return sandbox;
}

static int docker_prepare(const struct run_spec *spec, struct sandbox **ret_sandbox, struct err *e)
{
    CLEANUP(sandbox_freep) struct sandbox *sandbox = sandbox_new(spec);
    if (sandbox == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    if (spec->cgroup != NULL && !cgroup_path_is_safe(spec->cgroup))
        return err_set(e, ERR_INVALID, "cgroup must be like /errand/name");
    if (spec->sandbox == RUN_SANDBOX_UNTRUSTED)
        return err_set(e, ERR_INVALID,
                       "sandbox untrusted: engines have no user namespace for one container alone");
    if (getcwd(sandbox->run_dir, sizeof(sandbox->run_dir)) == NULL)
        return err_errno(e, errno, "name the run dir");
    int r = spec->cgroup == NULL ? 0 : cgroup_layout_find(&sandbox->layout, e);
    if (r < 0)
        return r;
    sandbox->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    sandbox->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sandbox->poll_fd < 0 || sandbox->timer_fd < 0)
        return err_errno(e, errno, "prepare the container");
    *ret_sandbox = TAKE_PTR(sandbox);
    return 0;
}

/* requests */

static int ask(const struct sandbox *sandbox, struct engine_call *call,
               struct engine_request *request, struct err *e)
{
    request->socket = sandbox->spec->engine_socket;
    return engine_call_start(call, request, e);
}

static int ask_path(struct sandbox *sandbox, struct engine_call *call, const char *method,
                    bool is_stream, const char *tail, struct err *e)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/containers/%s/%s", sandbox->id, tail);
    return ask(sandbox, call,
               &(struct engine_request){.method = method, .path = path, .is_stream = is_stream}, e);
}

static int begin_create(struct sandbox *sandbox, struct err *e)
{
    struct buf body;
    char path[PATH_BYTES];
    buf_init(&body, REQUEST_MAX_BYTES);
    docker_request_put(&body, sandbox->spec, sandbox->run_dir);
    (void)snprintf(path, sizeof(path), "/containers/create?name=%s", sandbox->name);
    int r = buf_ok(&body)
                ? ask(sandbox, &sandbox->call,
                      &(struct engine_request){.method = "POST", .path = path, .body = &body}, e)
                : err_set(e, ERR_LIMIT, "command and environment are too large");
    if (body.data != NULL)
        explicit_bzero(body.data, body.cap);
    buf_done(&body);
    return r;
}

static void begin_signal(struct sandbox *sandbox)
{
    char tail[32];
    if (sandbox->signal_due == 0 || engine_call_events(&sandbox->signal_call) != 0)
        return;
    (void)snprintf(tail, sizeof(tail), "kill?signal=%d", sandbox->signal_due);
    sandbox->signal_due = 0;
    IGNORE(ask_path(sandbox, &sandbox->signal_call, "POST", false, tail, NULL));
}

static void set_timer(const struct sandbox *sandbox, struct timespec from_now)
{
    (void)timerfd_settime(sandbox->timer_fd, 0, &(struct itimerspec){.it_value = from_now}, NULL);
}

/* ends */

static void end(struct sandbox *sandbox, enum termination_reason reason, int32_t exit_code,
                const char *message)
{
    sandbox->stage = STAGE_ENDED;
    sandbox->report =
        (struct sandbox_report){.state = SANDBOX_ENDED, .reason = reason, .exit_code = exit_code};
    (void)snprintf(sandbox->report.message, sizeof(sandbox->report.message), "%s", message);
}

static void end_of_problem(struct sandbox *sandbox, const struct err *e)
{
    bool has_started = sandbox->stage > STAGE_STARTING;
    end(sandbox, has_started ? TERMINATION_INTERNAL : TERMINATION_START_FAILED, -1, e->msg);
}

static void end_of_refused_start(struct sandbox *sandbox, const struct err *e)
{
    int32_t exit_code;
    if (docker_failure_of_start(e->msg, &exit_code))
        end(sandbox, TERMINATION_INVALID_COMMAND, exit_code, e->msg);
    else
        end_of_problem(sandbox, e);
}

static void end_of_container(struct sandbox *sandbox)
{
    char reason[EXIT_MESSAGE_BYTES / 2];
    char text[EXIT_MESSAGE_BYTES];
    const struct docker_output *output = &sandbox->output;
    int32_t exit_code = sandbox->end.exit_code;
    if (output->problem.code != ERR_OK) {
        end(sandbox, TERMINATION_INTERNAL, -1, output->problem.msg);
    } else if (exit_code < 0 || exit_code > EXIT_CODE_MAX || sandbox->end.is_running) {
        end(sandbox, TERMINATION_INTERNAL, -1, "the engine does not know how the container ended");
    } else if (exit_code != 0 && !output->has_more_words &&
               docker_failure_of_init(output->words, output->words_n, reason, sizeof(reason),
                                      &exit_code)) {
        (void)snprintf(text, sizeof(text), "%.200s: %s", sandbox->spec->argv.items[0], reason);
        end(sandbox, TERMINATION_INVALID_COMMAND, exit_code, text);
    } else {
        end(sandbox, TERMINATION_EXITED, exit_code, "");
    }
}

/* stages: what to do when the request of each is answered */

static int after_create(struct sandbox *sandbox, struct err *e)
{
    int r = engine_answer_id(&sandbox->call, sandbox->id, e);
    if (r == 0)
        r = ask_path(sandbox, &sandbox->output.attach, "POST", true,
                     "attach?stream=1&stdout=1&stderr=1", e);
    if (r == 0)
        sandbox->stage = STAGE_ATTACHING;
    return r;
}

/* Podman makes the container ready when one attaches, and says here what is wrong with it. */
static int after_attach(struct sandbox *sandbox, struct err *e)
{
    struct err refusal;
    if (engine_answer_check(&sandbox->output.attach, &refusal) < 0) {
        end_of_refused_start(sandbox, &refusal);
        return 0;
    }
    int r = ask_path(sandbox, &sandbox->call, "POST", false, "start", e);
    if (r == 0)
        sandbox->stage = STAGE_STARTING;
    return r;
}

static int after_start(struct sandbox *sandbox, struct err *e)
{
    struct err refusal;
    if (engine_answer_check(&sandbox->call, &refusal) < 0) {
        end_of_refused_start(sandbox, &refusal);
        return 0;
    }
    sandbox->report.state = SANDBOX_RUNNING;
    sandbox->stage = STAGE_RUNNING;
    return ask_path(sandbox, &sandbox->call, "POST", false, "wait", e);
}

static int after_wait(struct sandbox *sandbox, struct err *e)
{
    int r = engine_answer_check(&sandbox->call, e);
    if (r < 0)
        return err_wrap(e, "wait for the container");
    set_timer(sandbox, (struct timespec){.tv_sec = DRAIN_S});
    sandbox->stage = STAGE_DRAINING;
    return 0;
}

static int after_drain(struct sandbox *sandbox, struct err *e)
{
    sandbox->stage = STAGE_INSPECTING;
    return ask_path(sandbox, &sandbox->call, "GET", false, "json", e);
}

static int after_inspect(struct sandbox *sandbox, struct err *e)
{
    int r = engine_answer_state(&sandbox->call, &sandbox->end, e);
    if (r == 0)
        end_of_container(sandbox);
    return r;
}

static bool drain_is_over(struct sandbox *sandbox)
{
    uint64_t ticks;
    if (docker_output_has_ended(&sandbox->output))
        return true;
    if (read(sandbox->timer_fd, &ticks, sizeof(ticks)) != (ssize_t)sizeof(ticks))
        return false;
    (void)err_set(&sandbox->output.problem, ERR_UNAVAILABLE,
                  "the engine did not end the container's output");
    return true;
}

/* Whether the call's request is answered; a call that failed has problem's code set. */
static bool is_answered(struct engine_call *call, struct err *problem)
{
    enum engine_call_state state = engine_call_step(call);
    if (state == ENGINE_CALL_FAILED)
        *problem = call->problem;
    return state == ENGINE_CALL_DONE || state == ENGINE_CALL_STREAMING ||
           state == ENGINE_CALL_FAILED;
}

/* Returns whether a stage was left. */
static bool advance(struct sandbox *sandbox)
{
    static int (*const after[])(struct sandbox *, struct err *) = {
        [STAGE_CREATING] = after_create, [STAGE_ATTACHING] = after_attach,
        [STAGE_STARTING] = after_start,  [STAGE_RUNNING] = after_wait,
        [STAGE_DRAINING] = after_drain,  [STAGE_INSPECTING] = after_inspect,
    };
    struct err problem = {.code = ERR_OK};
    enum stage stage = sandbox->stage;
    if (stage == STAGE_NEW || stage == STAGE_ENDED)
        return false;
    if (stage == STAGE_DRAINING) {
        if (!drain_is_over(sandbox))
            return false;
    } else if (!is_answered(stage == STAGE_ATTACHING ? &sandbox->output.attach : &sandbox->call,
                            &problem)) {
        return false;
    }
    if (problem.code != ERR_OK || after[stage](sandbox, &problem) < 0)
        end_of_problem(sandbox, &problem);
    return true;
}

/* the driver */

static void arm(const struct sandbox *sandbox, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events};
    if (fd < 0 || events == 0)
        return;
    if (epoll_ctl(sandbox->poll_fd, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
        (void)epoll_ctl(sandbox->poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void disarm(const struct sandbox *sandbox, int fd)
{
    if (fd >= 0)
        (void)epoll_ctl(sandbox->poll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* Either the stream or a full pipe: a stream that is not to be read would wake us all the time. */
static void arm_output(const struct sandbox *sandbox)
{
    int fd;
    uint32_t events;
    const struct docker_output *output = &sandbox->output;
    disarm(sandbox, output->attach.fd);
    disarm(sandbox, output->fds[0]);
    disarm(sandbox, output->fds[1]);
    if (docker_output_waits(output, &fd, &events))
        arm(sandbox, fd, events);
}

static void docker_step(struct sandbox *sandbox, struct sandbox_report *ret_report)
{
    do {
        if (sandbox->stage >= STAGE_STARTING && sandbox->stage < STAGE_ENDED)
            docker_output_pump(&sandbox->output);
    } while (advance(sandbox));
    (void)engine_call_step(&sandbox->signal_call);
    begin_signal(sandbox);

    arm(sandbox, sandbox->call.fd, engine_call_events(&sandbox->call));
    arm(sandbox, sandbox->signal_call.fd, engine_call_events(&sandbox->signal_call));
    arm_output(sandbox);
    *ret_report = sandbox->report;
}

static int docker_start(struct sandbox *sandbox, int out_fd, int err_fd, struct err *e)
{
    int r = docker_output_open(&sandbox->output, out_fd, err_fd, e);
    if (r == 0)
        r = begin_create(sandbox, e);
    if (r < 0)
        return r;
    sandbox->was_asked = true;
    sandbox->stage = STAGE_CREATING;
    arm(sandbox, sandbox->call.fd, engine_call_events(&sandbox->call));
    arm(sandbox, sandbox->timer_fd, EPOLLIN);
    return 0;
}

static int docker_poll_fd(const struct sandbox *sandbox)
{
    return sandbox->poll_fd;
}

static void docker_signal(struct sandbox *sandbox, int signo)
{
    if (sandbox->stage < STAGE_STARTING || sandbox->stage > STAGE_RUNNING)
        return;
    sandbox->signal_due = signo;
    sandbox->killed = sandbox->killed || signo == SIGKILL;
    begin_signal(sandbox);
    arm(sandbox, sandbox->signal_call.fd, engine_call_events(&sandbox->signal_call));
}

/* A container that is still being made is left to destroy, which waits for it to exist. */
static void docker_kill(struct sandbox *sandbox)
{
    if (sandbox->stage >= STAGE_STARTING) {
        docker_signal(sandbox, SIGKILL);
        return;
    }
    if (sandbox->stage == STAGE_ATTACHING)
        engine_call_done(&sandbox->output.attach);
    end(sandbox, TERMINATION_START_FAILED, -1, "killed before it started");
    set_timer(sandbox, (struct timespec){.tv_nsec = 1});
}

/* Engines hear of it in their own time, or never: a container that something else than we has
 * killed at its limit was killed for memory. */
static bool was_killed_for_memory(const struct sandbox *sandbox, uint64_t peak_bytes)
{
    uint64_t limit = sandbox->spec->memory_bytes;
    return sandbox->end.oom_killed ||
           (sandbox->end.exit_code == EXIT_CODE_KILLED && !sandbox->killed && limit > 0 &&
            peak_bytes >= limit - MEMORY_SLACK(limit));
}

static void docker_stats(const struct sandbox *sandbox, struct sandbox_use *ret_use)
{
    struct cgroup_use use = {0};
    if (sandbox->spec->cgroup != NULL)
        cgroup_read_use(sandbox->layout, sandbox->spec->cgroup, &use);
    if (use.oom_kills == 0 && was_killed_for_memory(sandbox, use.memory_peak_bytes))
        use.oom_kills = 1;
    *ret_use = (struct sandbox_use){
        .cpu_us = use.cpu_us,
        .memory_peak_bytes = use.memory_peak_bytes,
        .oom_kills = use.oom_kills,
    };
}

/* ERR_NOT_FOUND: there is none. */
static int ask_to_remove(const char *socket, const char *name, struct err *e)
{
    struct engine_call call;
    char path[PATH_BYTES];
    engine_call_init(&call);
    (void)snprintf(path, sizeof(path), "/containers/%s?force=1&v=1", name);
    int r = engine_answer_await(
        &call, &(struct engine_request){.socket = socket, .method = "DELETE", .path = path},
        REMOVE_US, e);
    engine_call_done(&call);
    return r;
}

static int remove_group(const char *cgroup, struct err *e)
{
    enum cgroup_layout layout;
    if (cgroup == NULL || !cgroup_path_is_safe(cgroup))
        return 0;
    int r = cgroup_layout_find(&layout, e);
    return r < 0 ? r : cgroup_remove(layout, cgroup, e);
}

/* A create that nobody waited for may yet make a container: only its answer says when to look. */
static int docker_destroy(struct sandbox *sandbox, struct err *e)
{
    if (sandbox->id[0] == '\0' && engine_call_events(&sandbox->call) != 0) {
        struct err problem;
        int r = engine_call_finish(&sandbox->call, clock_mono_us() + ABANDONED_US, &problem);
        if (r < 0 && engine_call_events(&sandbox->call) != 0)
            return err_set(e, ERR_CONFLICT, "the engine is still making the container");
    }
    int r = sandbox->was_asked ? ask_to_remove(sandbox->spec->engine_socket, sandbox->name, e) : 0;
    return r < 0 && r != ERR_NOT_FOUND ? r : remove_group(sandbox->spec->cgroup, e);
}

/* The shim's first status is written just before it asks for the container. */
static bool may_be_in_the_making(const struct run_status *status)
{
    struct stat st;
    return status->state == RUN_STATUS_CREATED && stat(RUN_STATUS_FILE, &st) == 0 &&
           clock_now_us() - (int64_t)st.st_mtim.tv_sec * CLOCK_US_PER_S < MAKING_US;
}

/* A create whose shim has died goes on, and its container is not there yet. */
static int docker_reap(const struct run_status *status, struct err *e)
{
    struct err problem;
    char name[DOCKER_NAME_BYTES];
    docker_name(status->run, status->attempt, name);
    int r = ask_to_remove(status->engine_socket, name, &problem);
    if (r == ERR_NOT_FOUND && may_be_in_the_making(status))
        return err_set(e, ERR_CONFLICT, "the engine may still be making the container");
    if (r < 0 && r != ERR_NOT_FOUND)
        return err_set(e, problem.code, "%s", problem.msg);
    return remove_group(status->cgroup, e);
}

const struct driver docker_driver = {
    .name = "docker",
    .abilities = DRIVER_CAN(IMAGE) | DRIVER_CAN(MEMORY) | DRIVER_CAN(CPU) | DRIVER_CAN(PIDS) |
                 DRIVER_CAN(SHM) | DRIVER_CAN(READ_ONLY) | DRIVER_CAN(NETWORK_NONE) |
                 DRIVER_CAN(NETWORK_BRIDGE) | DRIVER_CAN(CONFINED) | DRIVER_CAN(STATS),
    .prepare = docker_prepare,
    .start = docker_start,
    .poll_fd = docker_poll_fd,
    .step = docker_step,
    .signal = docker_signal,
    .kill = docker_kill,
    .stats = docker_stats,
    .destroy = docker_destroy,
    .free = sandbox_free,
    .reap = docker_reap,
};
