/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one epoll set: the sandbox, the two streams, the control socket, signals. The one
 * timer (run_cycle.h says what it means in each phase) and the wake-up of the agent that is due are
 * epoll_wait's timeout.
 *
 * A box waits the same way, without output, until it is given a run.
 *
 * Everything a run does is bounded: starting by start_timeout, running by timeout, stopping by the
 * grace, killing by KILL_GIVE_UP_US, cleaning up by tidy_sandbox(). Only a spool without room
 * may hold it longer: to ROOM_GIVE_UP_US after the time it had.
 */
#include "shim/shim.h"

#include "base/clock.h"
#include "base/log.h"
#include "shim/control.h"
#include "shim/outcome.h"
#include "shim/output.h"
#include "shim/run_cycle.h"
#include "shim/spec_file.h"
#include "shim/tidy.h"
#include "shim/wake.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define START_TIMEOUT_DEFAULT_S 60
#define KILL_AGAIN_US (50 * CLOCK_US_PER_MS)
#define KILL_GIVE_UP_US (30 * CLOCK_US_PER_S)

/* How long a run that has ended waits for room for its last lines after its time is up. */
#define ROOM_GIVE_UP_US (30 * CLOCK_US_PER_S)
#define ROOM_WAIT_MS 100

enum watched {
    WATCHED_STDOUT, /* the streams' indices in output */
    WATCHED_STDERR,
    WATCHED_SANDBOX,
    WATCHED_CONTROL,
    WATCHED_SIGNALS,
};

struct shim {
    struct run_spec *spec;
    const struct driver *driver;
    struct sandbox *sandbox; /* owned; NULL when it could not be prepared */
    struct sandbox_report report;
    struct output output;
    bool is_reading; /* the streams are watched */
    enum spool_hold told_hold;
    struct wake wake;
    struct run_status status;
    int epoll_fd;
    int control_fd;
    int signals_fd;

    enum run_phase phase;
    enum termination_reason reason; /* EXITED = the sandbox tells */
    int64_t begun_us;               /* monotonic, all */
    int64_t started_us;             /* of the command; 0 before */
    int64_t timer_us;
    int64_t lease_us; /* the run may not go on after it; INT64_MAX = no end */
    int64_t kill_begun_us;
};

static void shim_done(struct shim *shim)
{
    shim->driver->free(shim->sandbox);
    wake_done(&shim->wake);
    fd_closep(&shim->control_fd);
    fd_closep(&shim->signals_fd);
    fd_closep(&shim->epoll_fd);
}

/* setting up */

static int watch(const struct shim *shim, int fd, enum watched what, struct err *e)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = what};
    if (epoll_ctl(shim->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_errno(e, errno, "watch descriptor %d", fd);
    return 0;
}

/* SIGPIPE is blocked too: the agent that reads our stderr may die. */
static int open_signals(struct shim *shim, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGPIPE);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_errno(e, errno, "block signals");
    sigdelset(&set, SIGPIPE);
    sigdelset(&set, SIGHUP);
    shim->signals_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return shim->signals_fd < 0 ? err_errno(e, errno, "watch signals") : 0;
}

/* Before anything outside the run dir is made, status.json says where to look for it. */
static int write_first_status(struct shim *shim, struct err *e)
{
    int r = run_status_init(&shim->status, shim->spec, e);
    return r < 0 ? r : run_status_write(".", &shim->status, e);
}

static int open_all(struct shim *shim, struct err *e)
{
    shim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (shim->epoll_fd < 0)
        return err_errno(e, errno, "make an event loop");
    int r = write_first_status(shim, e);
    if (r == 0)
        r = open_signals(shim, e);
    if (r == 0)
        r = control_open(&shim->control_fd, e);
    if (r == 0)
        r = watch(shim, shim->signals_fd, WATCHED_SIGNALS, e);
    if (r == 0)
        r = watch(shim, shim->control_fd, WATCHED_CONTROL, e);
    return r;
}

static bool is_nobodys(const struct shim *shim)
{
    return shim->spec->attempt == RUN_SPEC_BOX;
}

static int create(struct shim *shim, struct err *e)
{
    if (shim->driver->create == NULL)
        return err_set(e, ERR_INVALID, "driver %s keeps no sandboxes waiting", shim->driver->name);
    return shim->driver->create(shim->sandbox, e);
}

static int start(struct shim *shim, struct err *e)
{
    return shim->driver->start(shim->sandbox, shim->output.streams[0].write_fd,
                               shim->output.streams[1].write_fd, e);
}

static int begin(struct shim *shim, struct err *e)
{
    int r = shim->driver->prepare(shim->spec, &shim->sandbox, e);
    if (r == 0)
        r = is_nobodys(shim) ? create(shim, e) : start(shim, e);
    if (r < 0)
        return r;
    return watch(shim, shim->driver->poll_fd(shim->sandbox), WATCHED_SANDBOX, e);
}

/* Watched only while they are to be read: a pipe whose writers are gone would wake us for ever. */
static void watch_streams(struct shim *shim, bool is_wanted)
{
    struct err e;
    int r = 0;
    for (size_t i = 0; i < OUTPUT_STREAMS; i++) {
        int fd = shim->output.streams[i].read_fd;
        if (fd < 0)
            continue;
        if (!is_wanted)
            (void)epoll_ctl(shim->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        else if (watch(shim, fd, (enum watched)(WATCHED_STDOUT + i), &e) < 0)
            r = e.code;
    }
    if (r < 0)
        log_error("output.lost run=%s error=\"%s\"", ID_TEXT(shim->spec->run), e.msg);
    shim->is_reading = is_wanted;
}

/* carrying out the table's rows */

static void set_timer_s(struct shim *shim, uint32_t seconds)
{
    shim->timer_us = clock_mono_us() + seconds * CLOCK_US_PER_S;
}

static void note_start(struct shim *shim)
{
    struct err e;
    shim->status.state = RUN_STATUS_RUNNING;
    shim->started_us = clock_mono_us();
    shim->status.started_at_us = clock_now_us();
    shim->status.start_ms = (uint32_t)((shim->started_us - shim->begun_us) / CLOCK_US_PER_MS);
    shim->status.ends_by_us =
        shim->started_us +
        CLOCK_US_PER_S * ((int64_t)shim->spec->timeout_seconds + shim->spec->stop_grace_seconds);
    if (run_status_write(".", &shim->status, &e) < 0)
        log_warn("status.write_failed run=%s error=\"%s\"", ID_TEXT(shim->spec->run), e.msg);
    wake_tell(&shim->wake, "started");
    output_close_writers(&shim->output);
    /* Only now, so that the agent hears of the start before it hears of the first line. */
    watch_streams(shim, true);
    set_timer_s(shim, shim->spec->timeout_seconds);
}

static void note_ready(struct shim *shim)
{
    struct err e;
    shim->status.state = RUN_STATUS_WAITING;
    if (run_status_write(".", &shim->status, &e) < 0)
        log_warn("status.write_failed box=%s error=\"%s\"", shim->status.box, e.msg);
    wake_tell(&shim->wake, "ready");
    set_timer_s(shim, shim->spec->wait_seconds);
}

static void kill_all(struct shim *shim)
{
    shim->driver->kill(shim->sandbox);
    shim->timer_us = clock_mono_us() + KILL_AGAIN_US;
}

static void act(struct shim *shim, enum run_action action)
{
    switch (action) {
    case RUN_ACTION_NONE:
    case RUN_ACTION_FINISH:
        break;
    case RUN_ACTION_READY:
        note_ready(shim);
        break;
    case RUN_ACTION_RUN:
        note_start(shim);
        break;
    case RUN_ACTION_SIGNAL:
        shim->driver->signal(shim->sandbox, shim->spec->stop_signal);
        set_timer_s(shim, shim->spec->stop_grace_seconds);
        break;
    case RUN_ACTION_KILL:
        if (shim->phase != RUN_PHASE_KILLING)
            shim->kill_begun_us = clock_mono_us();
        kill_all(shim);
        break;
    }
}

static void happen(struct shim *shim, enum run_event event)
{
    const struct run_cycle_row *row = run_cycle_find(shim->phase, event);
    if (row == NULL)
        return;
    if (shim->reason == TERMINATION_EXITED)
        shim->reason = row->reason;
    act(shim, row->action);
    shim->phase = row->to;
}

/* the loop */

static void handle_sandbox(struct shim *shim)
{
    shim->driver->step(shim->sandbox, &shim->report);
    if (shim->report.state == SANDBOX_WAITING && shim->status.state == RUN_STATUS_CREATED)
        happen(shim, RUN_EVENT_READY);
    bool started =
        shim->report.state == SANDBOX_RUNNING ||
        (shim->report.state == SANDBOX_ENDED && shim->report.reason == TERMINATION_EXITED);
    if (started && shim->status.state == RUN_STATUS_CREATED && !is_nobodys(shim))
        happen(shim, RUN_EVENT_STARTED);
    if (shim->report.state == SANDBOX_ENDED)
        happen(shim, RUN_EVENT_ENDED);
}

static void set_lease(struct shim *shim, uint32_t ms)
{
    shim->lease_us = ms == 0 ? INT64_MAX : clock_mono_us() + ms * CLOCK_US_PER_MS;
}

static void set_start_timer(struct shim *shim)
{
    uint32_t seconds = shim->spec->start_timeout_seconds;
    set_timer_s(shim, seconds > 0 ? seconds : START_TIMEOUT_DEFAULT_S);
}

/* From here on whoever reaps us finds the run, and no other run can have this sandbox. */
static int become(struct shim *shim, struct err *e)
{
    shim->status.run = shim->spec->run;
    shim->status.attempt = shim->spec->attempt;
    shim->status.state = RUN_STATUS_CREATED;
    wake_done(&shim->wake);
    wake_init(&shim->wake, shim->spec);
    set_start_timer(shim);
    set_lease(shim, shim->spec->lease_ms);
    int r = run_status_write(".", &shim->status, e);
    return r < 0 ? r : output_open(&shim->output, shim->spec, e);
}

static void fail(struct shim *shim, enum termination_reason reason, const struct err *e)
{
    shim->reason = reason;
    shim->report = (struct sandbox_report){.state = SANDBOX_ENDED, .exit_code = -1};
    if (snprintf(shim->report.message, sizeof(shim->report.message), "%s", e->msg) < 0)
        shim->report.message[0] = '\0';
}

static void take_run(struct shim *shim, struct run_spec *run)
{
    struct err e;
    shim->begun_us = clock_mono_us();
    run_spec_give(shim->spec, run);
    happen(shim, RUN_EVENT_GIVEN);
    int r = become(shim, &e);
    if (r < 0)
        fail(shim, TERMINATION_INTERNAL, &e);
    else if ((r = start(shim, &e)) < 0)
        fail(shim, TERMINATION_START_FAILED, &e);
    if (r == 0)
        return;
    shim->driver->kill(shim->sandbox);
    shim->phase = RUN_PHASE_DONE;
}

/* A second one is nobody's, and one that needs another sandbox is not run in this. */
static void handle_run(struct shim *shim, int spec_fd)
{
    CLEANUP(run_spec_done) struct run_spec run;
    struct err e;
    run_spec_init(&run);
    if (shim->phase != RUN_PHASE_WAITING) {
        log_error("run.refused box=%s error=\"it has been given away\"", shim->status.box);
        return;
    }
    int r = spec_file_read(spec_fd, &run, &e);
    if (r == 0 && (run.attempt == RUN_SPEC_BOX || !run_spec_fits(&run, shim->spec)))
        r = err_set(&e, ERR_INVALID, "the run needs another sandbox");
    if (r == 0) {
        take_run(shim, &run);
        return;
    }
    log_error("run.refused box=%s error=\"%s\"", shim->status.box, e.msg);
    happen(shim, RUN_EVENT_KILL);
}

static void handle_control(struct shim *shim)
{
    struct control_order order = control_receive(shim->control_fd);
    CLEANUP(fd_closep) int spec_fd = order.spec_fd;
    switch (order.word) {
    case CONTROL_NOTHING:
        break;
    case CONTROL_STOP:
        happen(shim, RUN_EVENT_STOP);
        break;
    case CONTROL_KILL:
        happen(shim, RUN_EVENT_KILL);
        break;
    case CONTROL_LEASE:
        set_lease(shim, order.lease_ms);
        break;
    case CONTROL_RUN:
        handle_run(shim, spec_fd);
        break;
    }
}

static void handle_signals(struct shim *shim)
{
    struct signalfd_siginfo info;
    if (read(shim->signals_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        happen(shim, RUN_EVENT_SHUTDOWN);
}

static void handle(struct shim *shim, enum watched what)
{
    switch (what) {
    case WATCHED_STDOUT:
    case WATCHED_STDERR:
        (void)output_read(&shim->output, what, clock_mono_us());
        break;
    case WATCHED_SANDBOX:
        handle_sandbox(shim);
        break;
    case WATCHED_CONTROL:
        handle_control(shim);
        break;
    case WATCHED_SIGNALS:
        handle_signals(shim);
        break;
    }
}

static void handle_timer(struct shim *shim, int64_t mono_us)
{
    if (mono_us >= shim->lease_us) {
        shim->lease_us = INT64_MAX;
        log_warn("lease.ended run=%s", ID_TEXT(shim->spec->run));
        happen(shim, RUN_EVENT_LEASE);
    }
    if (mono_us < shim->timer_us)
        return;
    if (shim->phase == RUN_PHASE_KILLING && mono_us - shim->kill_begun_us > KILL_GIVE_UP_US)
        happen(shim, RUN_EVENT_GIVE_UP);
    else
        happen(shim, RUN_EVENT_TIMER);
}

/* Milliseconds until there is something to do without an event, rounded up. */
static int timeout_ms(struct shim *shim)
{
    int64_t mono_us = clock_mono_us();
    int64_t due_us = wake_log_pending(&shim->wake, mono_us);
    int64_t output_us = output_due_us(&shim->output, mono_us);
    if (output_us < due_us)
        due_us = output_us;
    if (shim->timer_us < due_us)
        due_us = shim->timer_us;
    if (shim->lease_us < due_us)
        due_us = shim->lease_us;
    if (due_us <= mono_us)
        return 0;
    int64_t ms = (due_us - mono_us + CLOCK_US_PER_MS - 1) / CLOCK_US_PER_MS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void tell_hold(struct shim *shim)
{
    enum spool_hold hold = shim->output.held;
    if (hold == shim->told_hold)
        return;
    if (hold != SPOOL_NOT_HELD)
        log_warn("output.held run=%s reason=%s", ID_TEXT(shim->spec->run),
                 hold == SPOOL_DISK_FULL ? "disk_full" : "spool_full");
    else
        log_warn("output.released run=%s", ID_TEXT(shim->spec->run));
    shim->told_hold = hold;
}

static void tick(struct shim *shim, int64_t mono_us)
{
    uint64_t before = shim->output.spool.written_bytes;
    output_tick(&shim->output, mono_us);
    if (shim->output.spool.written_bytes != before)
        wake_log(&shim->wake, mono_us);
    tell_hold(shim);
    bool is_wanted = output_wants(&shim->output, mono_us);
    if (is_wanted != shim->is_reading && shim->status.state == RUN_STATUS_RUNNING)
        watch_streams(shim, is_wanted);
}

static int loop(struct shim *shim, struct err *e)
{
    set_start_timer(shim);
    set_lease(shim, shim->spec->lease_ms);
    while (shim->phase != RUN_PHASE_DONE) {
        struct epoll_event events[8];
        int n = epoll_wait(shim->epoll_fd, events, ARRAY_LEN(events), timeout_ms(shim));
        if (n < 0 && errno != EINTR)
            return err_errno(e, errno, "wait for events");
        for (int i = 0; i < n; i++)
            handle(shim, (enum watched)events[i].data.u32);
        int64_t mono_us = clock_mono_us();
        tick(shim, mono_us);
        handle_timer(shim, mono_us);
    }
    return 0;
}

/* finishing */

/* The wall clock may have been set meanwhile: a run lasts as long as the monotonic clock says. */
static int64_t finished_at_us(const struct shim *shim)
{
    if (shim->status.started_at_us == 0)
        return clock_now_us();
    return shim->status.started_at_us + clock_mono_us() - shim->started_us;
}

/* True when somebody wants this run gone. Takes a moment. */
static bool is_unwanted(const struct shim *shim)
{
    struct pollfd control = {.fd = shim->control_fd, .events = POLLIN};
    if (poll(&control, 1, ROOM_WAIT_MS) <= 0)
        return false;
    struct control_order order = control_receive(shim->control_fd);
    fd_closep(&order.spec_fd);
    return order.word == CONTROL_KILL;
}

/* The container is gone, and what it has filled the disk with goes first. */
static void wait_for_room(struct shim *shim)
{
    int64_t mono_us = clock_mono_us();
    int64_t give_up_us =
        ROOM_GIVE_UP_US + (shim->status.ends_by_us > mono_us ? shim->status.ends_by_us : mono_us);
    struct err e;
    if (tidy_run_dir(&e) < 0)
        log_error("run.left_behind run=%s error=\"%s\"", ID_TEXT(shim->spec->run), e.msg);
    (void)wake_send(&shim->wake, "log");
    while (!output_drain(&shim->output, mono_us)) {
        tell_hold(shim);
        if (mono_us >= give_up_us || is_unwanted(shim))
            return;
        mono_us = clock_mono_us();
    }
    tell_hold(shim);
}

/* On a full disk room is made first, mostly by what the container itself has filled it with. */
static int write_record(const struct exit_record *record, struct err *e)
{
    int r = exit_record_write(".", record, e);
    if (r < 0 && tidy_run_dir(NULL) == 0)
        r = exit_record_write(".", record, e);
    return r;
}

/* The record last: its presence says that nothing runs any more and nothing but files is left. */
static int finish(struct shim *shim, struct err *e)
{
    struct sandbox_use use = {0};
    struct exit_record record;
    struct err trouble;
    bool has_room = output_drain(&shim->output, clock_mono_us());
    if (shim->sandbox != NULL)
        shim->driver->stats(shim->sandbox, &use);
    record = outcome_of(&(struct outcome_facts){
        .spec = shim->spec,
        .reason = shim->reason,
        .report = &shim->report,
        .use = use,
        .started_at_us = shim->status.started_at_us,
    });
    if (tidy_sandbox(shim->driver, shim->sandbox, &shim->status, &trouble) < 0)
        log_error("run.left_behind run=%s error=\"%s\"", ID_TEXT(shim->spec->run), trouble.msg);
    record.finished_at_us = finished_at_us(shim);
    if (!has_room)
        wait_for_room(shim);
    output_close(&shim->output);
    (void)wake_send(&shim->wake, "log");
    (void)unlink(CONTROL_SOCKET);

    record.last_line = shim->output.spool.records;
    record.log_bytes = shim->output.spool.payload_bytes;
    record.log_truncated = shim->output.spool.dropped_lines + shim->output.spool.dropped_bytes > 0;
    int r = write_record(&record, e);
    (void)wake_send(&shim->wake, "exited");
    if (tidy_run_dir(&trouble) < 0)
        log_error("run.left_behind run=%s error=\"%s\"", ID_TEXT(shim->spec->run), trouble.msg);
    return r;
}

/* A box nobody wanted, or that could not be made: there is no run to tell of. */
static int finish_box(struct shim *shim, struct err *e)
{
    struct err trouble;
    int r = tidy_sandbox(shim->driver, shim->sandbox, &shim->status, &trouble);
    if (r == 0)
        r = tidy_run_dir(&trouble);
    (void)unlink(CONTROL_SOCKET);
    if (r < 0)
        log_error("box.left_behind box=%s error=\"%s\"", shim->status.box, trouble.msg);
    else
        (void)unlink(RUN_STATUS_FILE); /* or whoever finds it would look for more */
    return shim->reason == TERMINATION_CANCELED
               ? 0
               : err_set(e, ERR_UNAVAILABLE, "box %s: %s", shim->status.box, shim->report.message);
}

int shim_run(struct run_spec *spec, const struct driver *driver, struct err *e)
{
    CLEANUP(shim_done)
    struct shim shim = {
        .spec = spec,
        .driver = driver,
        .epoll_fd = -1,
        .control_fd = -1,
        .signals_fd = -1,
        .phase = spec->attempt == RUN_SPEC_BOX ? RUN_PHASE_WAITING : RUN_PHASE_STARTING,
        .reason = TERMINATION_EXITED,
        .begun_us = clock_mono_us(),
    };
    struct err trouble;
    wake_init(&shim.wake, spec);
    output_init(&shim.output);
    int r = is_nobodys(&shim) ? 0 : output_open(&shim.output, spec, &trouble);
    if (r == 0)
        r = open_all(&shim, &trouble);
    if (r < 0) {
        fail(&shim, TERMINATION_INTERNAL, &trouble);
    } else if (begin(&shim, &trouble) < 0) {
        fail(&shim, TERMINATION_START_FAILED, &trouble);
    } else if (loop(&shim, &trouble) < 0) {
        fail(&shim, TERMINATION_INTERNAL, &trouble);
    }
    if (shim.sandbox != NULL && shim.report.state != SANDBOX_ENDED)
        driver->kill(shim.sandbox);
    return is_nobodys(&shim) ? finish_box(&shim, e) : finish(&shim, e);
}
