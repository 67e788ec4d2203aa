/* SPDX-License-Identifier: Apache-2.0
 *
 * An event may end a run's life: after happen() a run must not be touched.
 */
#include "supervisor.h"

#include "adoption.h"
#include "base/clock.h"
#include "base/log.h"
#include "expectations.h"
#include "image_order.h"
#include "room_gate.h"
#include "run_guard.h"
#include "run_report.h"
#include "run_status.h"
#include "warm_pool.h"

#include <stdlib.h>
#include <string.h>

/* What the reaper may take for its work. */
#define REAP_SECONDS 30

struct supervisor {
    struct supervisor_parts parts;
    struct expectations *expected; /* owned; what the API says is here and is not */
    struct run_guard *guard;       /* owned */
    struct room_gate *gate;        /* owned */
};

static void happen(struct run *run, enum run_life_event event);

static void fail(struct run *run, enum termination_reason reason, const char *message)
{
    run_end_set(run, reason, message);
    happen(run, LIFE_EVENT_FAILED);
}

/* Events that do not fit into memory are told again by the next agent. */
static void note(int rc, const struct run *run, const struct err *e)
{
    if (rc < 0)
        log_error("event.lost run=%s attempt=%u error=\"%s\"", ID_TEXT(run->id), run->attempt,
                  e->msg);
}

static void report_started(struct run *run)
{
    struct run_status status;
    struct err e;
    if (run->is_start_reported || run_status_read(run->dir, &status, NULL) < 0 ||
        status.started_at_us == 0)
        return;
    run->is_start_reported = true;
    run->started_at_us = status.started_at_us;
    run_guard_until(run->supervisor->guard, run, status.ends_by_us);
    note(run_report_started(run->supervisor->parts.outbox, run, status.started_at_us,
                            status.start_ms, &e),
         run, &e);
    log_info("run.started run=%s attempt=%u pull_ms=%u start_ms=%u box=%s", ID_TEXT(run->id),
             run->attempt, run->pull_ms, status.start_ms, run->box[0] != '\0' ? run->box : "none");
}

static void check_log(struct run *run)
{
    if (run->log.acked.last_id >= run->end.last_line)
        happen(run, LIFE_EVENT_LOG_COMPLETE);
}

static void report_end(struct run *run)
{
    struct err e;
    struct log_shipper *shipper = run->supervisor->parts.shipper;
    log_info("run.finished run=%s attempt=%u reason=%s exit_code=%d lines=%llu", ID_TEXT(run->id),
             run->attempt, termination_reason_name(run->end.reason), run->end.exit_code,
             (unsigned long long)run->end.last_line);
    note(run_report_finished(run->supervisor->parts.outbox, run, &e), run, &e);
    log_source_set_end(&run->log, run->end.last_line);
    if (run->end.last_line > 0)
        log_shipper_wake(shipper, &run->log);
    check_log(run);
}

static void on_shim_exit(void *ctx);

/* In a box that waits for it, else in a sandbox of its own. */
static int begin(struct run *run, const struct image *image, uint32_t lease_ms,
                 enum termination_reason *ret_reason, struct err *e)
{
    const struct supervisor_parts *parts = &run->supervisor->parts;
    struct run_spec spec;
    run_spec_init(&spec);
    int rc = launcher_run_spec(parts->launcher, run, image, lease_ms, &spec, ret_reason, e);
    if (rc == 0 && !warm_pool_give(parts->pool, run, &spec, on_shim_exit)) {
        *ret_reason = TERMINATION_START_FAILED;
        rc = launcher_start(parts->launcher, run, &spec, on_shim_exit, e);
    }
    run_spec_done(&spec);
    if (rc == 0)
        assignment_done(&run->assignment);
    return rc;
}

static void launch(struct run *run, const struct image *image)
{
    enum termination_reason reason = TERMINATION_INTERNAL;
    const struct supervisor_parts *parts = &run->supervisor->parts;
    struct err e;
    memcpy(run->image_digest, image->digest, sizeof(run->image_digest));
    image_store_touch(parts->images, run->image_digest);
    uint32_t lease_ms = lease_keeper_left_ms(parts->leases, run);
    if (lease_ms == 0)
        fail(run, TERMINATION_HYPERVISOR_LOST, "the hypervisor was cut off before the start");
    else if (begin(run, image, lease_ms, &reason, &e) < 0)
        fail(run, reason, e.msg);
    else
        run_guard_allow(run->supervisor->guard, run, parts->launcher->start_timeout_seconds);
}

/* Its shim still tidies; without one it is gone at once. */
static void leave(struct run *run)
{
    if (shim_process_is_gone(run->shim))
        happen(run, LIFE_EVENT_SHIM_GONE);
}

static void order_shim(struct run *run, const char *order, uint32_t within_seconds)
{
    if (run->shim == NULL)
        return;
    shim_process_order(run->shim, order);
    run_guard_shorten(run->supervisor->guard, run, within_seconds);
}

static void take_away(struct run *run)
{
    const struct supervisor_parts *parts = &run->supervisor->parts;
    struct err e;
    event_outbox_forget(parts->outbox, run->id, run->attempt);
    log_shipper_remove(parts->shipper, &run->log);
    run_table_bury(parts->runs, run);
    if (run_dir_remove(run, &e) < 0)
        log_error("run.leftover run=%s attempt=%u error=\"%s\"", ID_TEXT(run->id), run->attempt,
                  e.msg);
    log_debug("run.gone run=%s attempt=%u", ID_TEXT(run->id), run->attempt);
    run_free(run);
}

static void act(struct run *run, enum run_life_action action)
{
    switch (action) {
    case LIFE_ACTION_REPORT_STARTED:
        report_started(run);
        break;
    case LIFE_ACTION_REPORT_EXIT:
        report_started(run);
        report_end(run);
        break;
    case LIFE_ACTION_REPORT_CANCELED:
        image_request_cancel(run->request);
        run->request = NULL;
        run_end_set(run, TERMINATION_CANCELED, "stopped before its image was here");
        report_end(run);
        break;
    case LIFE_ACTION_REPORT_FAILURE:
        report_end(run);
        break;
    case LIFE_ACTION_STOP_SHIM:
        order_shim(run, "stop", run->stop_grace_seconds);
        break;
    case LIFE_ACTION_KILL_SHIM:
        order_shim(run, "kill", 0);
        break;
    case LIFE_ACTION_LEAVE:
        leave(run);
        break;
    case LIFE_ACTION_REMOVE:
        take_away(run);
        break;
    case LIFE_ACTION_LAUNCH: /* needs the image: see start_with() */
    case LIFE_ACTION_NONE:
    case LIFE_ACTION_COUNT:
        break;
    }
}

static void happen(struct run *run, enum run_life_event event)
{
    struct supervisor *s = run->supervisor;
    const struct run_life_row *row = run_life_next(run->life, event);
    if (row == NULL) {
        log_debug("run.unmoved run=%s attempt=%u life=%s event=%s", ID_TEXT(run->id), run->attempt,
                  run_life_name(run->life), run_life_event_name(event));
        return;
    }
    bool has_changed = run_life_holds_memory(row->to) != run_life_holds_memory(run->life);
    run->life = row->to;
    act(run, row->action);
    if (has_changed)
        s->parts.on_change(s->parts.ctx);
}

static void start_with(struct run *run, const struct image *image)
{
    run->pull_ms = (uint32_t)((clock_mono_us() - run->accepted_us) / CLOCK_US_PER_MS);
    happen(run, LIFE_EVENT_IMAGE_READY);
    launch(run, image);
}

static void on_pull_progress(void *ctx, int64_t done_bytes, int64_t total_bytes)
{
    struct run *run = ctx;
    struct err e;
    note(run_report_pulling(run->supervisor->parts.outbox, run, done_bytes, total_bytes, &e), run,
         &e);
}

static void on_pull_done(void *ctx, const struct image *image, enum termination_reason reason,
                         const struct err *why)
{
    struct run *run = ctx;
    run->request = NULL;
    if (image == NULL) {
        fail(run, reason, why->msg);
        return;
    }
    run->image_from = image->engine_id == NULL ? "pulled" : NULL; /* an engine does not say */
    start_with(run, image);
}

static void pull(struct run *run, const struct image_order *order, bool may_use_local,
                 bool may_pull)
{
    const struct image_callbacks callbacks = {
        .on_progress = on_pull_progress, .on_done = on_pull_done, .ctx = run};
    const struct image_wish wish = {.ref = &order->ref,
                                    .login = &order->login,
                                    .project = run->assignment.project_id,
                                    .timeout_s = run->assignment.pull_timeout_seconds,
                                    .may_use_local = may_use_local,
                                    .may_pull = may_pull};
    run->request = image_puller_request(run->supervisor->parts.puller, &wish, &callbacks);
    if (run->request == NULL)
        fail(run, TERMINATION_IMAGE_PULL_FAILED, "out of memory");
}

/* What its operator put into an engine is for everybody; what was pulled for some project is for
 * whom it was opened to. */
static void get_engine_image(struct run *run, const struct image_order *order)
{
    const struct assignment *a = &run->assignment;
    const struct image *known = image_store_find(run->supervisor->parts.images, order->reference);
    bool is_ours = known == NULL || image_is_open_to(known, a->project_id);
    pull(run, order, is_ours && strcmp(a->pull_policy, "always") != 0,
         strcmp(a->pull_policy, "never") != 0);
}

/* A process needs none: nothing but the run says what is executed. */
static void start_without_image(struct run *run, const struct image_order *order)
{
    static const char no_digest[DIGEST_TEXT_BYTES];
    struct image *image = image_new(order->reference, no_digest);
    if (image != NULL)
        start_with(run, image);
    else
        fail(run, TERMINATION_INTERNAL, "out of memory");
    image_free(image);
}

/* What is here serves a run without a word to the registry if its project got it from there once,
 * or everybody can. */
static void get_image(struct run *run)
{
    const struct assignment *a = &run->assignment;
    const struct supervisor_parts *parts = &run->supervisor->parts;
    CLEANUP(image_order_done) struct image_order order = {0};
    struct err e;

    if (image_order_make(parts->launcher->identity, a->image, a->image_digest, a->registry_sealed,
                         &order, &e) < 0) {
        fail(run,
             e.code == ERR_DENIED ? TERMINATION_REGISTRY_AUTH_FAILED : TERMINATION_IMAGE_NOT_FOUND,
             e.msg);
        return;
    }
    if (parts->launcher->driver == DRIVER_DOCKER) {
        get_engine_image(run, &order);
        return;
    }
    if (parts->launcher->driver == DRIVER_PROCESS) {
        start_without_image(run, &order);
        return;
    }
    const struct image *image = image_store_find(parts->images, order.reference);
    bool is_ours = image != NULL && image_is_open_to(image, a->project_id);
    if (is_ours && strcmp(a->pull_policy, "always") != 0) {
        run->image_from = "local";
        start_with(run, image);
    } else if (strcmp(a->pull_policy, "never") == 0)
        fail(run, TERMINATION_IMAGE_NOT_FOUND,
             "the image is not on this hypervisor and pull_policy is never");
    else
        pull(run, &order, false, true);
}

static void turn_away(struct run *run)
{
    fail(run, TERMINATION_START_FAILED, "the disk of the hypervisor is full");
}

static void order_stop(struct supervisor *s, struct id run_id, uint32_t attempt)
{
    struct run *run = run_table_find(s->parts.runs, run_id, attempt);
    if (run != NULL) {
        log_info("run.stopping run=%s attempt=%u", ID_TEXT(run_id), attempt);
        happen(run, LIFE_EVENT_STOP);
    }
}

static void assign(struct supervisor *s, struct assignment *a)
{
    struct id id = a->run_id;
    uint32_t attempt = a->attempt;
    bool is_to_stop = expectations_meet(s->expected, id, attempt);
    if (run_table_find(s->parts.runs, id, attempt) != NULL ||
        run_table_had(s->parts.runs, id, attempt))
        return;

    struct run *run = run_new(s->parts.data_dir, id, attempt);
    if (run == NULL) {
        log_error("run.unaccepted run=%s error=\"out of memory\"", ID_TEXT(id));
        return;
    }
    run->supervisor = s;
    run->life = LIFE_PULLING;
    run->accepted_us = clock_mono_us();
    run->memory_mb = a->memory_mb;
    run->stop_grace_seconds = a->stop_grace_seconds;
    run->start_lease_seconds = a->start_lease_seconds;
    run->run_lease_seconds = a->run_lease_seconds;
    run->assignment = *a;
    *a = (struct assignment){0};
    run_table_add(s->parts.runs, run);
    log_shipper_add(s->parts.shipper, &run->log);
    log_info("run.accepted run=%s attempt=%u image=%s memory_mb=%u", ID_TEXT(id), attempt,
             run->assignment.image, run->memory_mb);
    s->parts.on_change(s->parts.ctx);
    if (room_gate_passes(s->gate, run))
        get_image(run);
    if (is_to_stop)
        order_stop(s, id, attempt);
}

static bool is_listed(const struct run *run, const struct assignment_sync *listed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (listed[i].attempt == run->attempt && id_equal(listed[i].run_id, run->id))
            return true;
    return false;
}

/* What ended here and is not listed is settled by the answers to its reports. */
static void sync_runs(struct supervisor *s, const struct assignment_sync *listed, size_t n)
{
    struct run *run = run_table_first(s->parts.runs);
    while (run != NULL) {
        struct run *next = run->next;
        if (run_life_holds_memory(run->life) && !is_listed(run, listed, n)) {
            log_warn("run.unlisted run=%s attempt=%u", ID_TEXT(run->id), run->attempt);
            happen(run, LIFE_EVENT_STALE);
        }
        run = next;
    }

    expectations_clear(s->expected);
    for (size_t i = 0; i < n; i++) {
        if (listed[i].stop)
            order_stop(s, listed[i].run_id, listed[i].attempt);
        if (run_table_find(s->parts.runs, listed[i].run_id, listed[i].attempt) == NULL)
            expectations_add(s->expected, &listed[i]);
    }
}

/* The assignments of all waiting runs have come before the first ping: a run that is still missing
 * was running here and has been lost, with the disk or by hand. */
static void report_lost(struct supervisor *s)
{
    struct assignment_sync lost;
    while (expectations_take(s->expected, &lost)) {
        struct err e;
        struct run gone = {.id = lost.run_id, .attempt = lost.attempt};
        if (run_table_had(s->parts.runs, lost.run_id, lost.attempt))
            continue;
        log_warn("run.lost run=%s attempt=%u", ID_TEXT(lost.run_id), lost.attempt);
        run_end_set(&gone, TERMINATION_INTERNAL, "the hypervisor has no trace of this run");
        note(run_report_finished(s->parts.outbox, &gone, &e), &gone, &e);
    }
}

void supervisor_take_line(struct supervisor *s, struct assignment_line *line)
{
    switch (line->type) {
    case ASSIGNMENT_LINE_SYNC:
        sync_runs(s, line->sync, line->sync_n);
        break;
    case ASSIGNMENT_LINE_ASSIGN:
        assign(s, &line->assign);
        break;
    case ASSIGNMENT_LINE_STOP:
        order_stop(s, line->stop.run_id, line->stop.attempt);
        break;
    case ASSIGNMENT_LINE_WARM: /* warm_pins.h */
        break;
    case ASSIGNMENT_LINE_PING:
        report_lost(s);
        break;
    }
}

/* True when the exit record was there. */
static bool take_exit(struct run *run)
{
    struct exit_record end;
    if (exit_record_read(run->dir, &end, NULL) < 0)
        return false;
    if (run_life_holds_memory(run->life))
        run->end = end;
    happen(run, LIFE_EVENT_EXITED);
    return true;
}

static void reap(struct run *run)
{
    const struct launcher *launcher = run->supervisor->parts.launcher;
    const struct shim_process_options options = {.loop = launcher->loop,
                                                 .program = launcher->shim,
                                                 .run_dir = run->dir,
                                                 .on_exit = on_shim_exit,
                                                 .ctx = run};
    struct err e;
    shim_process_free(run->shim);
    run->shim = NULL;
    run->is_reaped = true;
    log_warn("shim.died run=%s attempt=%u", ID_TEXT(run->id), run->attempt);
    if (shim_process_reap(&options, &run->shim, &e) < 0) {
        log_error("shim.unreaped run=%s error=\"%s\"", ID_TEXT(run->id), e.msg);
        on_shim_exit(run);
        return;
    }
    run_guard_allow(run->supervisor->guard, run, REAP_SECONDS);
}

static void on_shim_exit(void *ctx)
{
    struct run *run = ctx;
    if (!run_life_holds_memory(run->life)) {
        happen(run, LIFE_EVENT_SHIM_GONE);
        return;
    }
    if (take_exit(run))
        return;
    if (!run->is_reaped) {
        reap(run);
        return;
    }
    run_end_set(run, TERMINATION_INTERNAL, "the shim died and left no trace");
    happen(run, LIFE_EVENT_EXITED);
}

void supervisor_take_wake(struct supervisor *s, enum wake_event event, struct id run_id,
                          uint32_t attempt)
{
    struct run *run = run_table_find(s->parts.runs, run_id, attempt);
    if (run == NULL)
        return;
    switch (event) {
    case WAKE_READY: /* warm_pool.h */
        break;
    case WAKE_STARTED:
        happen(run, LIFE_EVENT_STARTED);
        break;
    case WAKE_LOG:
        if (run->life != LIFE_CONDEMNED)
            log_shipper_wake(s->parts.shipper, &run->log);
        break;
    case WAKE_EXITED:
        (void)take_exit(run);
        break;
    }
}

void supervisor_take_answer(struct supervisor *s, enum agent_event_type type, struct id run_id,
                            uint32_t attempt, bool ok)
{
    struct run *run = run_table_find(s->parts.runs, run_id, attempt);
    if (run == NULL)
        return;
    if (ok && type == AGENT_EVENT_STARTED) {
        run->is_start_known = true;
        lease_keeper_renew(s->parts.leases, run);
    }
    if (!ok)
        happen(run, LIFE_EVENT_STALE);
    else if (type == AGENT_EVENT_FINISHED)
        happen(run, LIFE_EVENT_END_ACKED);
}

void supervisor_take_log_ack(struct supervisor *s, struct log_source *source)
{
    struct run *run = run_table_find(s->parts.runs, source->run_id, source->attempt);
    if (run != NULL && (run->life == LIFE_FINISHED || run->life == LIFE_REPORTED))
        check_log(run);
}

void supervisor_take_log_refusal(struct supervisor *s, struct log_source *source)
{
    struct run *run = run_table_find(s->parts.runs, source->run_id, source->attempt);
    if (run != NULL)
        happen(run, LIFE_EVENT_STALE);
}

struct supervisor *supervisor_new(const struct supervisor_parts *parts)
{
    struct supervisor *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->parts = *parts;
    s->expected = expectations_new();
    s->guard = run_guard_new(parts->launcher->loop, parts->runs);
    s->gate = room_gate_new(&(struct room_gate_parts){.loop = parts->launcher->loop,
                                                      .data_dir = parts->data_dir,
                                                      .runs = parts->runs,
                                                      .let_pass = get_image,
                                                      .turn_away = turn_away});
    if (s->expected == NULL || s->guard == NULL || s->gate == NULL) {
        supervisor_free(s);
        return NULL;
    }
    return s;
}

void supervisor_free(struct supervisor *s)
{
    if (s == NULL)
        return;
    expectations_free(s->expected);
    run_guard_free(s->guard);
    room_gate_free(s->gate);
    free(s);
}

static void go_on(struct supervisor *s, struct run *run, enum adoption found)
{
    run->supervisor = s;
    run->life = found == ADOPTION_RUNNING ? LIFE_RUNNING : LIFE_STARTING;
    run_table_add(s->parts.runs, run);
    log_shipper_add(s->parts.shipper, &run->log);
    log_shipper_wake(s->parts.shipper, &run->log);
    if (found == ADOPTION_ENDED)
        (void)take_exit(run);
    else if (found == ADOPTION_DEAD)
        reap(run);
    else
        report_started(run);
    if (found == ADOPTION_STARTING)
        run_guard_allow(s->guard, run, s->parts.launcher->start_timeout_seconds);
}

/* What a run dir of an earlier agent means: see adoption.h. */
static int adopt(void *ctx, struct run *run, struct err *e)
{
    struct supervisor *s = ctx;
    struct err why;
    enum adoption found = adoption_decide(s->parts.launcher, run, on_shim_exit, &why);
    log_info("run.adopted run=%s attempt=%u found=%s", ID_TEXT(run->id), run->attempt,
             adoption_name(found));
    int rc = 0;
    if (found == ADOPTION_FOREIGN)
        rc = err_set(e, ERR_CONFLICT, "run %s: %s", ID_TEXT(run->id), why.msg);
    if (found == ADOPTION_FOREIGN || found == ADOPTION_UNBEGUN)
        run_free(run);
    else
        go_on(s, run, found);
    return rc;
}

int supervisor_adopt(struct supervisor *s, struct err *e)
{
    return adoption_scan(s->parts.data_dir, adopt, s, e);
}
