/* SPDX-License-Identifier: Apache-2.0
 *
 * A link lives until its stream has ended and no read is outstanding.
 */
#include "agents/agent_link.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/limits.h"
#include "store/agent_store.h"
#include "store/assignment_store.h"

#include "agents/assignment_lines.h"
#include "agents/warm_line.h"
#include "bus.h"
#include "http/stream.h"

#define LINES_BYTES_MAX (2 * LIMIT_ASSIGNMENT_BYTES)

struct agent_link {
    struct watch watch; /* its id is the hypervisor's */
    struct agent_hub *hub;
    struct stream *stream; /* NULL once it has ended */
    struct assignment_lines lines;
    bool is_changed; /* since the last read began */
    bool pins_changed;
    uint64_t told_pins; /* fingerprint of the last line about them; 0: none yet */
    bool is_busy;       /* a read is outstanding */
};

/* A run whose end is being written. */
struct failing_run {
    struct loop *loop;
    struct id run;
};

static void pump(struct agent_link *link);

static void free_when_unused(struct agent_link *link)
{
    if (link->is_busy || link->stream != NULL)
        return;
    assignment_lines_done(&link->lines);
    free(link);
}

/* Its stream has ended. */
static void unlink_from_hub(struct agent_link *link)
{
    watch_remove(link->hub->links, &link->watch);
    link->stream = NULL;
    free_when_unused(link);
}

static void on_run_failed(void *user, const struct rows *rows, const struct err *err)
{
    struct failing_run failing = *(struct failing_run *)user;
    free(user);
    (void)rows;
    if (err != NULL)
        log_error("run.end_not_stored run=%s error=\"%s\"", ID_TEXT(failing.run), err->msg);
    else
        bus_publish(failing.loop, BUS_RUN, failing.run);
}

/* Nobody could ever run it, so it ends here; the others go on. */
static void fail_run(void *user, const struct live_run *run, const struct err *why)
{
    struct agent_link *link = user;
    struct failing_run *failing = h2o_mem_alloc(sizeof(*failing));
    *failing = (struct failing_run){link->hub->loop, run->run};
    log_error("run.not_assignable run=%s error=\"%s\"", ID_TEXT(run->run), why->msg);

    struct params p;
    struct agent_fence fence = {run->run, run->attempt, link->watch.id};
    struct agent_finish finish = {
        .at_us = clock_now_us(), .reason = TERMINATION_INTERNAL, .message = why->msg};
    agent_store_finished_params(&p, &fence, &finish);
    db_pipe_run(link->hub->loop->db, &agent_store_finished, &p, on_run_failed, failing);
}

static void send_lines(struct agent_link *link, const struct rows *rows)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, LINES_BYTES_MAX);
    const struct key_ring *ring = link->hub->loop->config->key_ring;
    if (assignment_lines_put(&link->lines, &b, rows, ring, fail_run, link))
        link->is_changed = true;
    if (!buf_ok(&b)) {
        log_error("agent.lines_lost hypervisor=%s", ID_TEXT(link->watch.id));
        stream_abort(link->stream);
        unlink_from_hub(link);
        return;
    }
    if (b.len == 0)
        return;
    struct blob *blob = blob_take(&b);
    stream_push(link->stream, blob);
    stream_flush(link->stream);
    blob_unref(blob);
}

static void on_read(void *user, const struct rows *rows, const struct err *err)
{
    struct agent_link *link = user;
    struct agent_hub *hub = link->hub;
    if (err != NULL) {
        link->is_changed = true;
        if (!h2o_timeout_is_linked(&hub->retry_entry))
            h2o_timeout_link(hub->loop->h2o.loop, &hub->retry, &hub->retry_entry);
    } else if (link->stream != NULL) {
        send_lines(link, rows);
    }
    link->is_busy = false;
    if (link->stream == NULL)
        free_when_unused(link);
    else if (err == NULL)
        pump(link);
}

static void send_pins(struct agent_link *link, const struct rows *rows)
{
    uint64_t fingerprint = warm_line_fingerprint(rows);
    if (fingerprint == link->told_pins)
        return;
    struct buf b;
    buf_init(&b, LINES_BYTES_MAX);
    warm_line_put(&b, rows, link->hub->loop->config->key_ring);
    if (!buf_ok(&b)) {
        log_error("pins.lost hypervisor=%s", ID_TEXT(link->watch.id));
        buf_done(&b);
        return;
    }
    link->told_pins = fingerprint;
    struct blob *blob = blob_take(&b);
    stream_push(link->stream, blob);
    stream_flush(link->stream);
    blob_unref(blob);
}

static void on_pins_read(void *user, const struct rows *rows, const struct err *err)
{
    struct agent_link *link = user;
    link->is_busy = false;
    if (link->stream == NULL) {
        free_when_unused(link);
        return;
    }
    if (err == NULL)
        send_pins(link, rows);
    pump(link);
}

/* After the runs: an agent must know those before it clears up. A read that failed is done again
 * with the next beat. */
static void pump_pins(struct agent_link *link)
{
    struct params p;
    if (!link->pins_changed || !link->lines.is_synced)
        return;
    link->is_busy = true;
    link->pins_changed = false;
    warm_store_pins_params(&p, link->watch.id);
    db_pipe_run(link->hub->loop->db, &warm_store_pins, &p, on_pins_read, link);
}

static void pump(struct agent_link *link)
{
    if (link->is_busy || !stream_has_room(link->stream))
        return;
    if (!link->is_changed) {
        pump_pins(link);
        return;
    }
    struct params p;
    link->is_busy = true;
    link->is_changed = false;
    assignment_store_live_params(&p, link->watch.id);
    db_pipe_run(link->hub->loop->db, &assignment_store_live, &p, on_read, link);
}

static void on_change(struct watch *watch)
{
    struct agent_link *link = H2O_STRUCT_FROM_MEMBER(struct agent_link, watch, watch);
    link->is_changed = true;
    pump(link);
}

static void on_room(void *user)
{
    pump(user);
}

/* Look as well, in case a wake-up was lost. */
static void on_beat(void *user)
{
    struct agent_link *link = user;
    if (link->lines.is_synced) {
        stream_push(link->stream, link->hub->ping);
        stream_flush(link->stream);
    }
    link->is_changed = true;
    link->pins_changed = true;
    pump(link);
}

static void on_gone(void *user)
{
    struct agent_link *link = user;
    log_info("agent.stream_closed hypervisor=%s", ID_TEXT(link->watch.id));
    unlink_from_hub(link);
}

static const struct stream_events link_events = {on_room, on_beat, on_gone};

void agent_link_open(struct agent_hub *hub, struct request *rq)
{
    struct agent_link *link = h2o_mem_alloc(sizeof(*link));
    *link = (struct agent_link){
        .watch = {.id = rq->principal.hypervisor, .on_change = on_change},
        .hub = hub,
        .is_changed = true,
        .pins_changed = true,
    };
    link->stream = stream_open(rq, "application/x-ndjson", &hub->beat, &link_events, link);
    if (link->stream == NULL) {
        free(link);
        return;
    }
    struct watch *older = watch_find(hub->links, link->watch.id);
    if (older != NULL)
        agent_link_drain(older);
    watch_add(hub->links, &link->watch);
    log_info("agent.stream_opened hypervisor=%s", ID_TEXT(link->watch.id));
    pump(link);
}

void agent_link_look_at_pins(struct watch *watch)
{
    struct agent_link *link = H2O_STRUCT_FROM_MEMBER(struct agent_link, watch, watch);
    link->pins_changed = true;
    pump(link);
}

void agent_link_drain(struct watch *watch)
{
    struct agent_link *link = H2O_STRUCT_FROM_MEMBER(struct agent_link, watch, watch);
    stream_finish(link->stream);
    unlink_from_hub(link);
}
