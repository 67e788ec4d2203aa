/* SPDX-License-Identifier: Apache-2.0 */
#include "log_shipper.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "logs/log_frame.h"
#include "timer.h"
#include "wire/log_ack.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 5000

/* A request takes one frame of each source, and goes round again up to so many frames: 1 MiB of
 * lines of a single loud run. The larger it is, the longer waits whoever comes while it is on its
 * way. */
#define LOUD_FRAMES 8

/* Many quiet runs share a request up to here. */
#define BATCH_FRAMES_MAX 256
#define BATCH_BYTES ((size_t)256 * 1024)

/* So many small ones may follow each other at once before they keep their distance. */
#define BURST 4

/* Packed. A request of this size and more is followed by the next without a pause. */
#define LARGE_BYTES ((size_t)16 * 1024)

struct log_shipper {
    struct control_client *client;
    struct control_call *call; /* NULL when idle */
    struct timer *retry;       /* owned; running while it must wait */
    struct timer *soon;        /* owned; gathers what one turn of the loop brings */
    struct timer *ahead;       /* owned; packs the next request once this one is out */
    struct buf next;           /* packed, and not on its way yet */
    size_t next_frames;        /* in it */
    bool last_is_large;        /* the newest request */
    int64_t due_us;            /* monotonic: when small ones may go that keep their distance */
    struct backoff backoff;
    struct log_reading reading;
    struct log_source *sources; /* borrowed; the next one to be served first */
    struct log_shipper_callbacks callbacks;
};

static void ship(void *ctx);
static void prepare(void *ctx);

struct log_shipper *log_shipper_new(struct uv_loop_s *loop, struct control_client *client,
                                    const struct log_shipper_callbacks *callbacks)
{
    struct log_shipper *shipper = calloc(1, sizeof(*shipper));
    if (shipper == NULL)
        return NULL;
    shipper->client = client;
    shipper->callbacks = *callbacks;
    backoff_init(&shipper->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    shipper->retry = timer_new(loop, ship, shipper);
    shipper->soon = timer_new(loop, ship, shipper);
    shipper->ahead = timer_new(loop, prepare, shipper);
    buf_init(&shipper->next, LIMIT_LOG_BATCH_BYTES);
    struct err e;
    if (log_reading_init(&shipper->reading, &e) < 0 || shipper->retry == NULL ||
        shipper->soon == NULL || shipper->ahead == NULL) {
        log_shipper_free(shipper);
        return NULL;
    }
    return shipper;
}

void log_shipper_free(struct log_shipper *shipper)
{
    if (shipper == NULL)
        return;
    control_call_cancel(shipper->call);
    timer_free(shipper->retry);
    timer_free(shipper->soon);
    timer_free(shipper->ahead);
    log_reading_done(&shipper->reading);
    buf_done(&shipper->next);
    free(shipper);
}

static struct log_source **end_of(struct log_shipper *shipper)
{
    struct log_source **at = &shipper->sources;
    while (*at != NULL)
        at = &(*at)->next;
    return at;
}

void log_shipper_add(struct log_shipper *shipper, struct log_source *source)
{
    source->next = NULL;
    *end_of(shipper) = source;
}

void log_shipper_remove(struct log_shipper *shipper, struct log_source *source)
{
    struct log_source **at = &shipper->sources;
    while (*at != NULL && *at != source)
        at = &(*at)->next;
    if (*at != NULL)
        *at = source->next;
    source->next = NULL;
}

void log_shipper_wake(struct log_shipper *shipper, struct log_source *source)
{
    source->is_pending = !source->is_broken || source->end_id != 0;
    if (shipper->call == NULL && !timer_is_running(shipper->retry) &&
        !timer_is_running(shipper->soon))
        timer_start(shipper->soon, 0);
}

bool log_shipper_is_idle(const struct log_shipper *shipper)
{
    if (shipper->call != NULL || shipper->next.len > 0)
        return false;
    for (const struct log_source *source = shipper->sources; source != NULL; source = source->next)
        if (source->is_pending)
            return false;
    return true;
}

static struct log_source *find(const struct log_shipper *shipper, const struct log_ack *ack)
{
    struct log_source *source = shipper->sources;
    while (source != NULL &&
           !(id_equal(source->run_id, ack->run_id) && source->attempt == ack->attempt))
        source = source->next;
    return source;
}

static void clear_next(struct log_shipper *shipper)
{
    buf_clear(&shipper->next);
    shipper->next_frames = 0;
}

static void try_again_later(struct log_shipper *shipper, const char *why)
{
    uint32_t ms = backoff_next_ms(&shipper->backoff);
    log_warn("logs.failed retry_ms=%u error=\"%s\"", ms, why);
    for (struct log_source *source = shipper->sources; source != NULL; source = source->next)
        if (source->sent.last_id != source->acked.last_id)
            log_source_rewind(source);
    clear_next(shipper);
    timer_start(shipper->retry, ms);
}

/* What was packed ahead does not follow what is stored: read it again. */
static void unprepare(struct log_shipper *shipper)
{
    for (struct log_source *source = shipper->sources; source != NULL; source = source->next)
        log_source_unread(source);
    clear_next(shipper);
}

static bool is_stale(const char *code)
{
    return strcmp(code, "conflict") == 0 || strcmp(code, "not_found") == 0;
}

/* False when the API took nothing of this source: trying again at once would only spin. */
static bool settle(struct log_shipper *shipper, const struct log_ack *ack)
{
    struct log_source *source = find(shipper, ack);
    struct err e;
    if (source == NULL)
        return true;
    if (ack->code != NULL) {
        log_warn("log.refused run=%s attempt=%u code=%s", ID_TEXT(ack->run_id), ack->attempt,
                 ack->code);
        if (!is_stale(ack->code))
            return false;
        shipper->callbacks.on_stale(shipper->callbacks.ctx, source);
        return true;
    }
    uint64_t before = source->acked.last_id;
    if (log_source_land(source, ack->last_id)) {
        if (before == ack->last_id)
            return true;
        shipper->callbacks.on_acked(shipper->callbacks.ctx, source);
        return true;
    }
    if (log_source_seek(source, ack->last_id, &e) < 0) {
        log_error("log.lost run=%s attempt=%u error=\"%s\"", ID_TEXT(ack->run_id), ack->attempt,
                  e.msg);
        source->is_broken = true;
        source->is_pending = source->end_id != 0;
        source->sent = source->flying = source->acked;
        return true;
    }
    unprepare(shipper);
    bool has_moved = source->acked.last_id != before;
    if (has_moved)
        shipper->callbacks.on_acked(shipper->callbacks.ctx, source);
    return has_moved;
}

/* Frames of one run are answered one by one; the last answer is the one that counts. */
static bool is_answered_later(const struct log_ack_list *list, size_t i)
{
    for (size_t j = i + 1; j < list->n; j++)
        if (list->items[j].attempt == list->items[i].attempt &&
            id_equal(list->items[j].run_id, list->items[i].run_id))
            return true;
    return false;
}

static void settle_all(struct log_shipper *shipper, const struct log_ack_list *list)
{
    bool all_moved = true;
    for (size_t i = 0; i < list->n; i++)
        if (!is_answered_later(list, i))
            all_moved &= settle(shipper, &list->items[i]);
    for (const struct log_source *source = shipper->sources; source != NULL; source = source->next)
        all_moved &= source->flying.last_id == source->acked.last_id;
    if (!all_moved) {
        try_again_later(shipper, "the API did not take what it was sent");
        return;
    }
    backoff_reset(&shipper->backoff);
    ship(shipper);
}

static void on_done(void *ctx, const struct control_reply *reply)
{
    struct log_shipper *shipper = ctx;
    CLEANUP(log_ack_list_done) struct log_ack_list list = {0};
    struct err e;

    shipper->call = NULL;
    if (reply->status == 200 && log_ack_list_parse(reply->body, reply->body_n, &list, &e) == 0) {
        settle_all(shipper, &list);
        return;
    }
    if (reply->status == 0)
        (void)err_set(&e, ERR_UNAVAILABLE, "%s", reply->error);
    else if (reply->status != 200)
        (void)err_set(&e, ERR_UNAVAILABLE, "HTTP status %ld", reply->status);
    try_again_later(shipper, e.msg);
}

static void read_source(struct log_shipper *shipper, struct log_source *source)
{
    struct err e;
    size_t len = shipper->next.len;
    if (!source->is_pending)
        return;
    if (log_source_read(source, &shipper->reading, &shipper->next, &e) < 0) {
        log_error("log.unreadable run=%s attempt=%u error=\"%s\"", ID_TEXT(source->run_id),
                  source->attempt, e.msg);
        source->is_pending = false;
    }
    shipper->next_frames += shipper->next.len > len;
}

/* It and those behind it come before the others the next time. */
static void put_first(struct log_shipper *shipper, struct log_source *source)
{
    struct log_source *others = shipper->sources;
    if (source == others)
        return;
    struct log_source **at = &shipper->sources;
    while (*at != source)
        at = &(*at)->next;
    *at = NULL;
    shipper->sources = source;
    *end_of(shipper) = others;
}

static bool is_full(const struct log_shipper *shipper)
{
    return shipper->next_frames == BATCH_FRAMES_MAX || shipper->next.len >= BATCH_BYTES;
}

/* A frame of each source, or of each that is not in the request yet. False when it is full. */
static bool go_round(struct log_shipper *shipper, bool only_new)
{
    for (struct log_source *source = shipper->sources; source != NULL; source = source->next) {
        if (is_full(shipper)) {
            put_first(shipper, source);
            return false;
        }
        if (!only_new || source->sent.last_id == source->flying.last_id)
            read_source(shipper, source);
    }
    return true;
}

static void fill(struct log_shipper *shipper)
{
    size_t before;
    do {
        before = shipper->next_frames;
    } while (go_round(shipper, false) && shipper->next_frames > before &&
             shipper->next_frames < LOUD_FRAMES);
}

static void prepare(void *ctx)
{
    struct log_shipper *shipper = ctx;
    if (shipper->call != NULL && shipper->next_frames == 0)
        fill(shipper);
}

/* A log that has ended waits for nothing: somebody waits for its end. */
static bool has_ended_log(const struct log_shipper *shipper)
{
    for (const struct log_source *source = shipper->sources; source != NULL; source = source->next)
        if (source->end_id != 0 && source->is_pending)
            return true;
    return false;
}

/* Milliseconds to wait before the next request, for the ones before were small. */
static uint64_t pace_ms(const struct log_shipper *shipper)
{
    int64_t left_us = shipper->due_us - clock_mono_us();
    if (left_us <= 0 || shipper->last_is_large || has_ended_log(shipper))
        return 0;
    return (uint64_t)((left_us + CLOCK_US_PER_MS - 1) / CLOCK_US_PER_MS);
}

static void move_due(struct log_shipper *shipper)
{
    const int64_t pace_us = LOG_SHIPPER_PACE_MS * CLOCK_US_PER_MS;
    int64_t now_us = clock_mono_us();
    int64_t earliest_us = now_us - BURST * pace_us;
    if (shipper->due_us < earliest_us)
        shipper->due_us = earliest_us;
    shipper->due_us += pace_us;
    /* what went without a pause leaves no debt to who comes after it */
    if (shipper->due_us > now_us + pace_us)
        shipper->due_us = now_us + pace_us;
}

static void post(struct log_shipper *shipper)
{
    for (struct log_source *source = shipper->sources; source != NULL; source = source->next)
        log_source_launch(source);
    move_due(shipper);
    shipper->last_is_large = shipper->next.len >= LARGE_BYTES;
    shipper->next_frames = 0; /* the client takes them */
    shipper->call =
        control_client_post(shipper->client, "/agent/v1/logs", "application/octet-stream",
                            &shipper->next, on_done, shipper);
    if (shipper->call == NULL)
        try_again_later(shipper, "out of memory");
    else if (shipper->last_is_large)
        timer_start(shipper->ahead, 0);
}

static void ship(void *ctx)
{
    struct log_shipper *shipper = ctx;
    if (shipper->call != NULL || timer_is_running(shipper->retry))
        return;
    if (shipper->next_frames > 0) {
        (void)go_round(shipper, true); /* who has come since it was packed */
        post(shipper);
        return;
    }
    uint64_t wait_ms = pace_ms(shipper);
    if (wait_ms > 0) {
        timer_start(shipper->soon, wait_ms);
        return;
    }
    fill(shipper);
    if (shipper->next_frames > 0)
        post(shipper);
}
