/* SPDX-License-Identifier: Apache-2.0 */
#include "event_outbox.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/limits.h"
#include "timer.h"
#include "wire/agent_result.h"

#include <errno.h>
#include <string.h>

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 5000
#define BATCH_BYTES ((size_t)LIMIT_BODY_BYTES - 64)
#define EVENT_MAX_BYTES 8192

struct entry {
    int64_t seq;
    enum agent_event_type type;
    struct id run_id;
    uint32_t attempt;
    char *json;   /* owned */
    bool is_sent; /* in the request under way */
    struct entry *next;
};

struct event_outbox {
    struct control_client *client;
    struct control_call *call; /* NULL when idle */
    struct timer *retry;       /* owned; running while it must wait */
    struct backoff backoff;
    size_t batch_max; /* 1 after a batch was refused as a whole */
    int64_t last_seq;
    int64_t sent_us;       /* the last request; monotonic */
    struct entry *entries; /* owned; oldest first */
    bool is_settling;      /* what is put meanwhile waits for the end of it */
    event_answer_fn *on_answer;
    void *ctx;
};

static void send_batch(struct event_outbox *outbox);

static void on_retry(void *ctx)
{
    send_batch(ctx);
}

struct event_outbox *event_outbox_new(struct uv_loop_s *loop, struct control_client *client,
                                      event_answer_fn *on_answer, void *ctx)
{
    struct event_outbox *outbox = calloc(1, sizeof(*outbox));
    if (outbox == NULL)
        return NULL;
    outbox->client = client;
    outbox->on_answer = on_answer;
    outbox->ctx = ctx;
    outbox->batch_max = LIMIT_AGENT_EVENTS;
    backoff_init(&outbox->backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    outbox->retry = timer_new(loop, on_retry, outbox);
    if (outbox->retry == NULL) {
        free(outbox);
        return NULL;
    }
    return outbox;
}

static void entry_free(struct entry *entry)
{
    free(entry->json);
    free(entry);
}

void event_outbox_free(struct event_outbox *outbox)
{
    if (outbox == NULL)
        return;
    control_call_cancel(outbox->call);
    timer_free(outbox->retry);
    while (outbox->entries != NULL) {
        struct entry *entry = outbox->entries;
        outbox->entries = entry->next;
        entry_free(entry);
    }
    free(outbox);
}

static struct entry **find_seq(struct event_outbox *outbox, int64_t seq)
{
    struct entry **at = &outbox->entries;
    while (*at != NULL && (*at)->seq != seq)
        at = &(*at)->next;
    return at;
}

static void try_again_later(struct event_outbox *outbox, const char *why)
{
    uint32_t ms = backoff_next_ms(&outbox->backoff);
    log_warn("events.failed retry_ms=%u error=\"%s\"", ms, why);
    for (struct entry *entry = outbox->entries; entry != NULL; entry = entry->next)
        entry->is_sent = false;
    timer_start(outbox->retry, ms);
}

/* Refusals that say nothing about the event itself. */
static bool is_transient(const char *code)
{
    return strcmp(code, "unavailable") == 0 || strcmp(code, "uncertain") == 0 ||
           strcmp(code, "internal") == 0 || strcmp(code, "limit") == 0;
}

/* False when the event must be sent again. */
static bool settle(struct event_outbox *outbox, const struct agent_result *result)
{
    struct entry **at = find_seq(outbox, result->seq);
    struct entry *entry = *at;
    if (entry == NULL || !entry->is_sent)
        return true;
    if (!result->ok && is_transient(result->code))
        return false;
    *at = entry->next;
    if (!result->ok)
        log_warn("event.refused run=%s attempt=%u code=%s message=\"%s\"", ID_TEXT(entry->run_id),
                 entry->attempt, result->code, result->message != NULL ? result->message : "");
    outbox->on_answer(outbox->ctx, entry->type, entry->run_id, entry->attempt, result->ok,
                      result->code);
    entry_free(entry);
    return true;
}

static void settle_all(struct event_outbox *outbox, const struct agent_result_list *list)
{
    bool all_settled = true;
    outbox->is_settling = true;
    for (size_t i = 0; i < list->n; i++)
        all_settled &= settle(outbox, &list->items[i]);
    outbox->is_settling = false;
    /* Whatever was sent and not mentioned is sent again. */
    for (const struct entry *entry = outbox->entries; entry != NULL; entry = entry->next)
        all_settled &= !entry->is_sent;
    if (!all_settled) {
        try_again_later(outbox, "some events were not answered");
        return;
    }
    backoff_reset(&outbox->backoff);
    outbox->batch_max = LIMIT_AGENT_EVENTS;
    send_batch(outbox);
}

/* A whole batch refused: find the event that is to blame by sending them one at a time; alone, it
 * is refused for good. */
static void blame(struct event_outbox *outbox, long status)
{
    if (outbox->batch_max == 1 && outbox->entries != NULL) {
        const struct agent_result refused = {
            .seq = outbox->entries->seq, .code = "invalid", .message = "the API cannot read it"};
        log_error("event.unreadable status=%ld", status);
        outbox->is_settling = true;
        (void)settle(outbox, &refused);
        outbox->is_settling = false;
    }
    outbox->batch_max = 1;
    try_again_later(outbox, "the API refuses the batch");
}

static void on_done(void *ctx, const struct control_reply *reply)
{
    struct event_outbox *outbox = ctx;
    CLEANUP(agent_result_list_done) struct agent_result_list list = {0};
    struct err e;

    outbox->call = NULL;
    if (reply->status == 400 || reply->status == 413) {
        blame(outbox, reply->status);
    } else if (reply->status == 0) {
        try_again_later(outbox, reply->error);
    } else if (reply->status != 200) {
        (void)err_set(&e, ERR_UNAVAILABLE, "HTTP status %ld", reply->status);
        try_again_later(outbox, e.msg);
    } else if (agent_result_list_parse(reply->body, reply->body_n, &list, &e) < 0) {
        try_again_later(outbox, e.msg);
    } else {
        settle_all(outbox, &list);
    }
}

static size_t put_batch(struct event_outbox *outbox, struct buf *body)
{
    size_t n = 0;
    buf_add_text(body, "{\"events\":[");
    for (struct entry *entry = outbox->entries; entry != NULL && n < outbox->batch_max;
         entry = entry->next) {
        if (body->len + strlen(entry->json) > BATCH_BYTES)
            break;
        if (n > 0)
            buf_add_char(body, ',');
        buf_add_text(body, entry->json);
        entry->is_sent = true;
        n++;
    }
    buf_add_text(body, "]}");
    return n;
}

static void send_batch(struct event_outbox *outbox)
{
    CLEANUP(buf_done) struct buf body = {0};
    if (outbox->call != NULL || outbox->is_settling || timer_is_running(outbox->retry) ||
        outbox->entries == NULL)
        return;
    outbox->sent_us = clock_mono_us();
    buf_init(&body, LIMIT_BODY_BYTES);
    (void)put_batch(outbox, &body);
    if (buf_ok(&body))
        outbox->call = control_client_post(outbox->client, "/agent/v1/events", "application/json",
                                           &body, on_done, outbox);
    if (outbox->call == NULL)
        try_again_later(outbox, "out of memory");
}

static bool same_run(const struct entry *entry, struct id run_id, uint32_t attempt)
{
    return entry->type != AGENT_EVENT_HEARTBEAT && id_equal(entry->run_id, run_id) &&
           entry->attempt == attempt;
}

/* Only the newest heartbeat, and the newest progress of a run, are worth sending. */
static void drop_superseded(struct event_outbox *outbox, const struct agent_event *event)
{
    struct entry **at = &outbox->entries;
    if (event->type != AGENT_EVENT_HEARTBEAT && event->type != AGENT_EVENT_PULLING &&
        event->type != AGENT_EVENT_USAGE)
        return;
    while (*at != NULL) {
        struct entry *entry = *at;
        bool is_older = !entry->is_sent && entry->type == event->type &&
                        (event->type == AGENT_EVENT_HEARTBEAT ||
                         same_run(entry, event->run_id, event->attempt));
        if (is_older) {
            *at = entry->next;
            entry_free(entry);
        } else {
            at = &entry->next;
        }
    }
}

int event_outbox_put(struct event_outbox *outbox, const struct agent_event *event, struct err *e)
{
    struct agent_event numbered = *event;
    struct buf json;
    numbered.seq = outbox->last_seq + 1;
    buf_init(&json, EVENT_MAX_BYTES);
    agent_event_put(&json, &numbered);
    struct entry *entry = calloc(1, sizeof(*entry));
    char *text = buf_take(&json);
    if (entry == NULL || text == NULL) {
        free(entry);
        free(text);
        buf_done(&json);
        return err_errno(e, ENOMEM, "queue event");
    }
    *entry = (struct entry){.seq = numbered.seq,
                            .type = event->type,
                            .run_id = event->run_id,
                            .attempt = event->attempt,
                            .json = text};
    outbox->last_seq = numbered.seq;
    drop_superseded(outbox, event);
    *find_seq(outbox, -1) = entry;
    send_batch(outbox);
    return 0;
}

void event_outbox_forget(struct event_outbox *outbox, struct id run_id, uint32_t attempt)
{
    struct entry **at = &outbox->entries;
    while (*at != NULL) {
        struct entry *entry = *at;
        if (same_run(entry, run_id, attempt)) {
            *at = entry->next;
            entry_free(entry);
        } else {
            at = &entry->next;
        }
    }
}

int64_t event_outbox_sent_us(const struct event_outbox *outbox)
{
    return outbox->sent_us;
}

bool event_outbox_is_empty(const struct event_outbox *outbox)
{
    return outbox->entries == NULL;
}
