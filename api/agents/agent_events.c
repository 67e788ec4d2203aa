/* SPDX-License-Identifier: Apache-2.0
 *
 * Every event that changes something is a statement of its own; they go out together and in order.
 * The request is answered when the last one is.
 */
#include "agents/agent_events.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "model/reason.h"
#include "store/agent_store.h"
#include "store/run_usage_store.h"
#include "store/warm_store.h"
#include "wire/agent_event.h"
#include "wire/agent_result.h"

#include "bus.h"
#include "http/reply.h"
#include "metrics/figures.h"

#define ANSWER_BYTES_MAX (1 << 20)
#define STALE "The attempt is not, or no longer, this hypervisor's"

struct event_report {
    struct event_batch *batch;
    enum agent_event_type type;
    struct id run;
    struct pull_progress pull;
    struct agent_result *result;
    const char *warm_digest; /* of `warmed`; NULL: a failure */
    bool is_pinned;          /* its pin is being made */
};

struct event_batch {
    struct request *rq;
    struct agent_result *results;
    struct event_report *reports;
    size_t n;
    size_t outstanding;
    struct err failure; /* the first; the whole request is then answered with it */
};

static void refuse(struct event_report *report, enum err_code code, const char *message)
{
    figures_add(report->batch->rq->loop->figures, FIGURE_EVENTS_REFUSED, 1);
    report->result->ok = false;
    report->result->code = err_wire_name(code);
    report->result->message = request_strdup(report->batch->rq, message);
}

static void finish(struct event_batch *batch)
{
    struct request *rq = batch->rq;
    struct buf b;
    if (batch->failure.code != ERR_OK) {
        reply_err(rq, &batch->failure);
    } else {
        buf_init(&b, ANSWER_BYTES_MAX);
        agent_result_list_put(&b, batch->results, batch->n);
        reply_json_text(rq, 200, &b);
    }
    request_unref(rq);
}

static void run(struct event_report *report, const struct statement *statement, struct params *p);

/* First the target, then the pin. */
static void take_warmth(struct event_report *report, const struct rows *rows)
{
    struct event_batch *batch = report->batch;
    struct id hypervisor = batch->rq->principal.hypervisor;
    struct params p;
    struct pin pin = {
        .runner = report->run, .hypervisor = hypervisor, .image_digest = report->warm_digest};
    if (report->is_pinned) {
        bus_publish(batch->rq->loop, BUS_FLEET, hypervisor);
    } else if (!warm_store_read_target(rows, &pin)) {
        refuse(report, ERR_CONFLICT, "The runner is not, or no longer, to be warm here");
    } else if (pin.image_digest != NULL) {
        report->is_pinned = true;
        pin_store_put_params(&p, &pin);
        run(report, &pin_store_put, &p);
    }
}

static void take_answer(struct event_report *report, const struct rows *rows)
{
    struct loop *loop = report->batch->rq->loop;
    if (report->type == AGENT_EVENT_HEARTBEAT) {
        struct id hypervisor = report->batch->rq->principal.hypervisor;
        if (rows_count(rows) == 0)
            refuse(report, ERR_NOT_FOUND, "There is no such hypervisor");
        else if (agent_store_room_changed(rows))
            bus_publish(loop, BUS_FLEET, hypervisor);
    } else if (report->type == AGENT_EVENT_WARMED) {
        take_warmth(report, rows);
    } else if (!agent_store_accepted(rows)) {
        refuse(report, ERR_CONFLICT, STALE);
    } else if (report->type == AGENT_EVENT_PULLING) {
        bus_publish_pull(loop, report->run, report->pull);
    } else if (report->type != AGENT_EVENT_USAGE) {
        bus_publish(loop, BUS_RUN, report->run);
    }
}

static void on_answer(void *user, const struct rows *rows, const struct err *err)
{
    struct event_report *report = user;
    struct event_batch *batch = report->batch;
    if (err == NULL)
        take_answer(report, rows);
    else if (err->code == ERR_UNAVAILABLE || err->code == ERR_UNCERTAIN)
        batch->failure = *err;
    else {
        log_error("agent.event_failed run=%s error=\"%s\"", ID_TEXT(report->run), err->msg);
        refuse(report, err->code, "The event could not be stored");
    }
    if (--batch->outstanding == 0)
        finish(batch);
}

static void run(struct event_report *report, const struct statement *statement, struct params *p)
{
    report->batch->outstanding++;
    db_pipe_run(report->batch->rq->loop->db, statement, p, on_answer, report);
}

static void store_heartbeat(struct event_report *report, const struct agent_heartbeat *h)
{
    struct params p;
    struct agent_vitals vitals = {
        .memory_total_mb = h->mem_total_mb,
        .memory_free_mb = h->mem_free_mb,
        .disk_free_bytes = h->disk_free_bytes,
        .images_cached = h->images_cached,
        .clock_ms = h->at_us != 0 ? (h->at_us - clock_now_us()) / CLOCK_US_PER_MS : 0,
    };
    agent_store_heartbeat_params(&p, report->batch->rq->principal.hypervisor, &vitals);
    run(report, &agent_store_heartbeat, &p);
}

static struct agent_fence fence_of(const struct event_report *report,
                                   const struct agent_event *event)
{
    return (struct agent_fence){event->run_id, event->attempt,
                                report->batch->rq->principal.hypervisor};
}

/* Progress is passed on and not kept; an agent that pulls for nobody is told. */
static void check_pulling(struct event_report *report, const struct agent_event *event)
{
    struct params p;
    report->pull = (struct pull_progress){event->attempt, event->pulling.done_bytes,
                                          event->pulling.total_bytes};
    struct agent_fence fence = fence_of(report, event);
    agent_store_current_params(&p, &fence);
    run(report, &agent_store_current, &p);
}

static void store_started(struct event_report *report, const struct agent_event *event)
{
    struct params p;
    const struct agent_started *s = &event->started;
    struct agent_fence fence = fence_of(report, event);
    bool is_pulled = s->image != NULL && strcmp(s->image, "pulled") == 0;
    struct agent_start start = {
        .at_us = s->at_us,
        .image_digest = s->image_digest,
        .pull_ms = s->pull_ms,
        .start_ms = s->start_ms,
        .image_pulled = s->image != NULL ? &is_pulled : NULL,
    };
    agent_store_started_params(&p, &fence, &start);
    run(report, &agent_store_started, &p);
}

static void store_finished(struct event_report *report, const struct agent_event *event)
{
    struct params p;
    struct err e;
    const struct agent_finished *f = &event->finished;
    struct agent_fence fence = fence_of(report, event);
    struct agent_finish finish = {
        .at_us = f->at_us,
        .has_exit_code = f->has_exit_code,
        .exit_code = f->exit_code,
        .message = f->message,
        .log_lines = f->last_line,
        .log_bytes = f->log_bytes,
        .log_truncated = f->log_truncated,
        .cpu_ms = f->cpu_ms,
        .memory_peak_bytes = f->memory_peak_bytes,
        .io_read_bytes = f->io_read_bytes,
        .io_write_bytes = f->io_write_bytes,
        .oom_killed = f->oom_killed,
    };
    if (termination_reason_parse(f->reason, &finish.reason, &e) < 0) {
        refuse(report, e.code, e.msg);
        return;
    }
    agent_store_finished_params(&p, &fence, &finish);
    run(report, &agent_store_finished, &p);
}

static void store_warmed(struct event_report *report, const struct agent_event *event)
{
    struct params p;
    const struct warm_report said = {
        .runner = event->run_id,
        .hypervisor = report->batch->rq->principal.hypervisor,
        .message = event->warmed.message,
    };
    figures_add(report->batch->rq->loop->figures,
                said.message == NULL ? FIGURE_WARMED : FIGURE_WARM_FAILURES, 1);
    if (event->warmed.image_digest != NULL)
        report->warm_digest = request_strdup(report->batch->rq, event->warmed.image_digest);
    warm_store_report_params(&p, &said);
    run(report, &warm_store_report, &p);
}

static void store_usage(struct event_report *report, const struct agent_event *event)
{
    struct params p;
    const struct agent_usage *u = &event->usage;
    struct agent_fence fence = fence_of(report, event);
    struct usage_sample sample = {
        .at_us = u->at_us,
        .cpu_ms = u->cpu_ms,
        .memory_bytes = u->memory_bytes,
        .io_read_bytes = u->io_read_bytes,
        .io_write_bytes = u->io_write_bytes,
        .processes = u->processes,
    };
    run_usage_store_add_params(&p, &fence, &sample);
    run(report, &run_usage_store_add, &p);
}

static void store(struct event_report *report, const struct agent_event *event)
{
    switch (event->type) {
    case AGENT_EVENT_HEARTBEAT:
        store_heartbeat(report, &event->heartbeat);
        break;
    case AGENT_EVENT_STARTED:
        store_started(report, event);
        break;
    case AGENT_EVENT_FINISHED:
        store_finished(report, event);
        break;
    case AGENT_EVENT_PULLING:
        check_pulling(report, event);
        break;
    case AGENT_EVENT_WARMED:
        store_warmed(report, event);
        break;
    case AGENT_EVENT_USAGE:
        store_usage(report, event);
        break;
    case AGENT_EVENT_TYPE_COUNT:
        break;
    }
}

static struct event_batch *batch_new(struct request *rq, size_t n)
{
    struct event_batch *batch = request_alloc(rq, sizeof(*batch));
    batch->rq = request_ref(rq);
    batch->results = request_alloc(rq, (n + 1) * sizeof(*batch->results));
    batch->reports = request_alloc(rq, (n + 1) * sizeof(*batch->reports));
    batch->n = n;
    return batch;
}

void agent_events(struct request *rq)
{
    struct err e;
    CLEANUP(agent_event_list_done) struct agent_event_list list = {0};
    h2o_iovec_t body = request_body(rq);
    if (request_json(rq, false) == NULL)
        return;
    if (agent_event_list_parse(body.base, body.len, &list, &e) < 0) {
        reply_problem(rq, "events", e.msg);
        return;
    }

    struct event_batch *batch = batch_new(rq, list.n);
    batch->outstanding = 1; /* ours, so that it cannot end before the last one is sent */
    for (size_t i = 0; i < list.n; i++) {
        const struct agent_event *event = &list.items[i];
        batch->results[i] = (struct agent_result){.seq = event->seq, .ok = true};
        batch->reports[i] = (struct event_report){
            .batch = batch,
            .type = event->type,
            .run = event->run_id,
            .result = &batch->results[i],
        };
        store(&batch->reports[i], event);
    }
    if (--batch->outstanding == 0)
        finish(batch);
}
