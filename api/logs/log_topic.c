/* SPDX-License-Identifier: Apache-2.0
 *
 * A topic reads while a follower with room lacks lines that are stored, or after a wake-up. It
 * lives until its last follower has gone and no read is outstanding.
 */
#include "logs/log_topic.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/log_id.h"
#include "store/log_store.h"

#include "http/stream.h"
#include "logs/framed_lines.h"
#include "logs/log_event.h"
#include "logs/log_relay.h"

#define READ_BYTES (128 << 10)
#define EVENT_BYTES_MAX 1024
#define RELAY_WAIT_US CLOCK_US_PER_S

struct log_topic {
    struct watch watch;
    struct log_hub *hub;
    h2o_linklist_t followers;
    struct log_run run;        /* as last read */
    struct pull_progress pull; /* as last heard; of an attempt that may be over */
    struct log_relay *relay;   /* owned; of a log that is not stored; NULL until it is needed */
    int64_t lacks_since_us;    /* lines of the relay; 0: it lacks none */
    int64_t ended_at_us; /* monotonic; when a run that had been seen to go on had ended; else 0 */
    h2o_timeout_entry_t patience_entry;
    bool is_known;   /* `run` was read */
    bool saw_alive;  /* it went on then */
    bool is_changed; /* since the last read began */
    bool is_busy;    /* a read is outstanding, or its rows are being handed out */
};

struct log_follower {
    h2o_linklist_t link;
    struct log_topic *topic;
    struct stream *stream;
    int64_t last_id;  /* of the lines given to the stream */
    uint32_t attempt; /* that they are of; 0: not read yet */
    enum run_state told;
    int64_t told_bytes; /* of the pull */
    bool batch;
};

static void pump(struct log_topic *topic);

static void free_when_unused(struct log_topic *topic)
{
    if (topic->is_busy || !h2o_linklist_is_empty(&topic->followers))
        return;
    watch_remove(topic->hub->topics, &topic->watch);
    h2o_timeout_unlink(&topic->patience_entry);
    log_relay_free(topic->relay);
    free(topic);
}

/* After its stream has ended; may free the topic. */
static void follower_free(struct log_follower *f)
{
    struct log_topic *topic = f->topic;
    h2o_linklist_unlink(&f->link);
    free(f);
    free_when_unused(topic);
}

static struct log_follower *follower_of(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct log_follower, link, link);
}

/* Takes the event's bytes. */
static void push_event(struct log_follower *f, struct buf *b)
{
    struct blob *blob = blob_take(b);
    stream_push(f->stream, blob);
    blob_unref(blob);
}

static void push_state(struct log_follower *f)
{
    struct buf b;
    buf_init(&b, EVENT_BYTES_MAX);
    log_event_put_state(&b, &f->topic->run);
    push_event(f, &b);
}

/* A run that is tried again, or given to another hypervisor, begins its log anew. */
static void note_attempt(struct log_follower *f)
{
    uint32_t attempt = f->topic->run.attempt;
    if (f->attempt == attempt)
        return;
    if (f->attempt != 0)
        f->told = RUN_STATE_COUNT;
    f->attempt = attempt;
    if (f->last_id < log_id_base(attempt))
        f->last_id = log_id_base(attempt);
}

static bool push_status(struct log_follower *f)
{
    const struct log_topic *topic = f->topic;
    const struct log_run *run = &topic->run;
    enum run_state shown = run->state == RUN_RUNNING ? RUN_RUNNING : RUN_PENDING;
    bool pulls = shown == RUN_PENDING && run->attempt > 0 && topic->pull.attempt == run->attempt;
    bool is_told = f->told == shown && (!pulls || f->told_bytes == topic->pull.done_bytes);
    if (run_state_is_final(run->state) || is_told)
        return false;

    struct buf b;
    buf_init(&b, EVENT_BYTES_MAX);
    log_event_put_status(&b, run, pulls ? &topic->pull : NULL);
    push_event(f, &b);
    f->told = shown;
    f->told_bytes = pulls ? topic->pull.done_bytes : -1;
    return true;
}

/* False: these rows were read for somebody who stands elsewhere. ERR_INTERNAL: they lack lines. */
static int check_rows(const struct log_follower *f, const struct rows *rows, struct err *e)
{
    const struct log_run *run = &f->topic->run;
    int64_t first_id = log_store_first_id(rows);
    if (run->hidden != LOG_GAP_NONE || f->last_id >= run->stored)
        return true;
    if (first_id != 0 && first_id <= f->last_id + 1)
        return true;
    bool was_read_for = log_store_after_id(rows) == f->last_id;
    return was_read_for ? err_set(e, ERR_INTERNAL, "stored log lacks lines") : false;
}

/* 1 and where the follower's lines come from; 0 when there are none now. */
static int source_of(const struct log_follower *f, const struct rows *rows,
                     struct log_source *ret_source, struct err *e)
{
    const struct log_topic *topic = f->topic;
    const struct log_run *run = &topic->run;
    *ret_source = (struct log_source){.run = run};
    if (run->hidden == LOG_GAP_TRANSIENT) {
        ret_source->relay = topic->relay;
        return topic->relay != NULL && log_relay_attempt(topic->relay) == run->attempt;
    }
    ret_source->rows = rows;
    return rows == NULL ? 0 : check_rows(f, rows, e);
}

/* Whether there were lines for it. */
static int push_lines(struct log_follower *f, const struct rows *rows, struct framed_lines *framed,
                      struct err *e)
{
    struct log_source source;
    int r = source_of(f, rows, &source, e);
    if (r == 1)
        r = framed_lines_make(framed, &source, f->last_id, f->batch, e);
    if (r < 0 || framed->blob == NULL || framed->after_id != f->last_id)
        return r < 0 ? r : 0;
    stream_push(f->stream, framed->blob);
    f->last_id = framed->last_id;
    return 1;
}

static bool is_at_end(const struct log_follower *f)
{
    const struct log_run *run = &f->topic->run;
    return log_run_is_complete(run) && f->last_id >= run->end;
}

/* Give a follower with room what is known, and its lines: out of `rows`, unless they are NULL, or
 * of what has come by. False when that was all: it has ended and is freed, and the topic may be. */
static bool feed(struct log_follower *f, const struct rows *rows, struct framed_lines *framed)
{
    struct err e;
    note_attempt(f);
    bool pushed = push_status(f);
    int r = push_lines(f, rows, framed, &e);
    if (r < 0) {
        log_error("log.unreadable run=%s error=\"%s\"", ID_TEXT(f->topic->watch.id), e.msg);
        stream_abort(f->stream);
        follower_free(f);
        return false;
    }
    if (is_at_end(f)) {
        push_state(f);
        stream_finish(f->stream);
        follower_free(f);
        return false;
    }
    if (pushed || r == 1)
        stream_flush(f->stream);
    return true;
}

/* Each follower once, whoever leaves meanwhile. */
static void feed_all(struct log_topic *topic, const struct rows *rows)
{
    struct framed_lines framed = {0};
    h2o_linklist_t served;
    h2o_linklist_init_anchor(&served);
    while (!h2o_linklist_is_empty(&topic->followers)) {
        h2o_linklist_t *link = topic->followers.next;
        h2o_linklist_unlink(link);
        h2o_linklist_insert(&served, link);
        if (stream_has_room(follower_of(link)->stream))
            (void)feed(follower_of(link), rows, &framed);
    }
    h2o_linklist_insert_list(&topic->followers, &served);
    framed_lines_done(&framed);
}

static void look_later(struct log_topic *topic)
{
    struct log_hub *hub = topic->hub;
    if (!h2o_timeout_is_linked(&hub->retry_entry))
        h2o_timeout_link(hub->loop->h2o.loop, &hub->retry, &hub->retry_entry);
}

/* Lines that are counted and have not come by may be on their way from another replica, for a
 * second. */
static void check_relay(struct log_topic *topic)
{
    const struct log_run *run = &topic->run;
    if (!topic->is_known || run->hidden != LOG_GAP_TRANSIENT)
        return;
    if (topic->relay == NULL || log_relay_attempt(topic->relay) < run->attempt) {
        log_relay_free(topic->relay);
        topic->relay = log_relay_new(run->attempt, run->stored);
    }
    int64_t now_us = clock_mono_us();
    if (log_relay_attempt(topic->relay) != run->attempt ||
        !log_relay_lacks(topic->relay, run->stored)) {
        topic->lacks_since_us = 0;
    } else if (topic->lacks_since_us == 0) {
        topic->lacks_since_us = now_us;
        look_later(topic);
    } else if (now_us - topic->lacks_since_us < RELAY_WAIT_US) {
        look_later(topic);
    } else {
        log_relay_give_up(topic->relay, run->stored);
        topic->lacks_since_us = 0;
    }
}

/* A log that has ended and lacks lines may be given up if none comes from now on. */
static void lose_patience_later(struct log_topic *topic)
{
    const struct log_run *run = &topic->run;
    struct log_hub *hub = topic->hub;
    h2o_timeout_unlink(&topic->patience_entry);
    if (run_state_is_final(run->state) && !log_run_is_complete(run))
        h2o_timeout_link(hub->loop->h2o.loop, &hub->patience, &topic->patience_entry);
}

/* The database says by its clock how long ago a run ended. Where we saw it go on, ours counts: that
 * one may have been set meanwhile. */
static void keep_patience(struct log_topic *topic)
{
    struct log_run *run = &topic->run;
    int64_t wait_us = topic->hub->loop->config->log_wait_seconds * CLOCK_US_PER_S;
    if (!run_state_is_final(run->state)) {
        topic->saw_alive = true;
        return;
    }
    if (topic->saw_alive && topic->ended_at_us == 0)
        topic->ended_at_us = clock_mono_us();
    if (topic->saw_alive && clock_mono_us() - topic->ended_at_us < wait_us)
        run->is_given_up = false;
}

static void finish_all(struct log_topic *topic, struct blob *last_words)
{
    while (!h2o_linklist_is_empty(&topic->followers)) {
        struct log_follower *f = follower_of(topic->followers.next);
        if (last_words != NULL && stream_has_room(f->stream))
            stream_push(f->stream, last_words);
        stream_finish(f->stream);
        follower_free(f);
    }
}

static void on_read(void *user, const struct rows *rows, const struct err *err)
{
    struct log_topic *topic = user;
    if (err != NULL) {
        topic->is_changed = true;
        look_later(topic);
    } else {
        topic->is_known = log_store_read_run(rows, &topic->run);
        check_relay(topic);
        if (topic->is_known) {
            keep_patience(topic);
            lose_patience_later(topic);
            feed_all(topic, rows);
        } else {
            finish_all(topic, NULL);
        }
    }
    topic->is_busy = false;
    if (h2o_linklist_is_empty(&topic->followers))
        free_when_unused(topic);
    else if (err == NULL)
        pump(topic);
}

static bool lacks_lines(const struct log_follower *f)
{
    const struct log_topic *topic = f->topic;
    bool reads = topic->run.hidden != LOG_GAP_TRANSIENT;
    return topic->is_changed || f->attempt != topic->run.attempt ||
           (reads && f->last_id < topic->run.stored);
}

/* The first in line that can take lines and may lack some. */
static struct log_follower *next_reader(struct log_topic *topic)
{
    for (h2o_linklist_t *link = topic->followers.next; link != &topic->followers;
         link = link->next) {
        struct log_follower *f = follower_of(link);
        if (stream_has_room(f->stream) && lacks_lines(f))
            return f;
    }
    return NULL;
}

static void pump(struct log_topic *topic)
{
    if (topic->is_busy)
        return;
    struct log_follower *reader = next_reader(topic);
    if (reader == NULL)
        return;

    /* next time it is the others' turn */
    h2o_linklist_unlink(&reader->link);
    h2o_linklist_insert(&topic->followers, &reader->link);

    struct params p;
    topic->is_busy = true;
    topic->is_changed = false;
    log_store_follow_params(&p, topic->watch.id, reader->last_id, READ_BYTES,
                            topic->hub->loop->config->log_wait_seconds);
    db_pipe_run(topic->hub->loop->db, &log_store_follow, &p, on_read, topic);
}

static void on_change(struct watch *watch)
{
    struct log_topic *topic = H2O_STRUCT_FROM_MEMBER(struct log_topic, watch, watch);
    topic->is_changed = true;
    pump(topic);
}

static void on_impatience(h2o_timeout_entry_t *entry)
{
    on_change(&H2O_STRUCT_FROM_MEMBER(struct log_topic, patience_entry, entry)->watch);
}

/* It was passed over while it had no room. */
static void on_room(void *user)
{
    struct log_follower *f = user;
    struct log_topic *topic = f->topic;
    struct framed_lines framed = {0};
    if (!topic->is_known || feed(f, NULL, &framed))
        pump(topic);
    framed_lines_done(&framed);
}

/* Nothing was heard for a while: look, in case a wake-up was lost. */
static void on_beat(void *user)
{
    struct log_follower *f = user;
    stream_push(f->stream, f->topic->hub->keepalive);
    stream_flush(f->stream);
    f->topic->is_changed = true;
    pump(f->topic);
}

static void on_gone(void *user)
{
    follower_free(user);
}

static const struct stream_events follower_events = {on_room, on_beat, on_gone};

static struct log_topic *topic_of(struct log_hub *hub, struct id run)
{
    struct watch *watch = watch_find(hub->topics, run);
    if (watch != NULL)
        return H2O_STRUCT_FROM_MEMBER(struct log_topic, watch, watch);

    struct log_topic *topic = h2o_mem_alloc(sizeof(*topic));
    *topic = (struct log_topic){
        .watch = {.id = run, .on_change = on_change},
        .hub = hub,
        .patience_entry = {.cb = on_impatience},
    };
    h2o_linklist_init_anchor(&topic->followers);
    watch_add(hub->topics, &topic->watch);
    return topic;
}

void log_topic_follow(struct log_hub *hub, struct request *rq, const struct log_position *position)
{
    struct log_follower *f = h2o_mem_alloc(sizeof(*f));
    *f = (struct log_follower){
        .last_id = position->after_id,
        .told = RUN_STATE_COUNT,
        .told_bytes = -1,
        .batch = position->batch,
    };
    f->stream = stream_open(rq, "text/event-stream", &hub->beat, &follower_events, f);
    if (f->stream == NULL) {
        free(f);
        return;
    }
    f->topic = topic_of(hub, position->run);
    h2o_linklist_insert(&f->topic->followers, &f->link);
    stream_push(f->stream, hub->come_back);
    stream_flush(f->stream);
    request_let_go(rq); /* there may be ten thousand of these */
    f->topic->is_changed = true;
    pump(f->topic);
}

/* Tell everybody what is known now; may free the topic. */
static void tell_all(struct log_topic *topic)
{
    topic->is_busy = true;
    feed_all(topic, NULL);
    topic->is_busy = false;
    free_when_unused(topic);
}

void log_topic_note_lines(struct watch *watch, const struct log_passing *lines)
{
    struct log_topic *topic = H2O_STRUCT_FROM_MEMBER(struct log_topic, watch, watch);
    uint32_t attempt = topic->relay != NULL ? log_relay_attempt(topic->relay) : 0;
    int64_t base = log_id_base(lines->attempt);
    if (lines->attempt < attempt)
        return;
    if (lines->attempt > attempt) {
        log_relay_free(topic->relay);
        topic->relay = log_relay_new(lines->attempt, base + lines->first_id - 1);
    }
    log_relay_add(topic->relay, base + lines->first_id, base + lines->last_id, lines->bytes,
                  lines->n);
    if (!topic->is_busy && topic->is_known && topic->run.attempt == lines->attempt)
        tell_all(topic);
}

void log_topic_note_pull(struct watch *watch, struct pull_progress pull)
{
    struct log_topic *topic = H2O_STRUCT_FROM_MEMBER(struct log_topic, watch, watch);
    topic->pull = pull;
    if (topic->is_busy || !topic->is_known)
        return; /* what is being read will be told with it */
    tell_all(topic);
}

void log_topic_drain(struct watch *watch)
{
    struct log_topic *topic = H2O_STRUCT_FROM_MEMBER(struct log_topic, watch, watch);
    bool was_busy = topic->is_busy;
    topic->is_busy = true; /* it must outlive its last follower */
    finish_all(topic, topic->hub->come_back);
    topic->is_busy = was_busy;
    free_when_unused(topic);
}
