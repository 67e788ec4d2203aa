/* SPDX-License-Identifier: Apache-2.0 */
#include "assignment_stream.h"

#include "base/backoff.h"
#include "base/log.h"
#include "model/limits.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>

#define RECONNECT_FIRST_MS 100
#define RECONNECT_MAX_MS 5000

struct assignment_stream {
    struct control_client *client;
    struct control_call *call; /* NULL while not connected */
    struct timer *silence;     /* owned, as is the next */
    struct timer *reconnect;
    struct backoff backoff;
    struct buf partial; /* the line that has not ended yet */
    assignment_line_fn *on_line;
    void *ctx;
};

static void reconnect_later(struct assignment_stream *s, const char *why)
{
    uint32_t ms = backoff_next_ms(&s->backoff);
    log_warn("assignments.disconnected retry_ms=%u error=\"%s\"", ms, why);
    control_call_cancel(s->call);
    s->call = NULL;
    buf_clear(&s->partial);
    timer_stop(s->silence);
    timer_start(s->reconnect, ms);
}

static void on_silence(void *ctx)
{
    reconnect_later(ctx, "nothing came for too long");
}

static void on_reconnect(void *ctx)
{
    assignment_stream_connect(ctx);
}

/* False when the stream makes no sense any more and was given up. */
static bool take_line(struct assignment_stream *s, const char *text, size_t n)
{
    struct assignment_line line;
    struct err e;
    if (assignment_line_parse(text, n, &line, &e) < 0) {
        /* Skipping it could lose an assignment; a new connection gets them all again. */
        reconnect_later(s, e.msg);
        return false;
    }
    if (line.type == ASSIGNMENT_LINE_SYNC) {
        backoff_reset(&s->backoff);
        log_info("assignments.connected runs=%zu", line.sync_n);
    }
    s->on_line(s->ctx, &line);
    assignment_line_done(&line);
    return true;
}

static void on_data(void *ctx, const char *bytes, size_t n)
{
    struct assignment_stream *s = ctx;
    const char *end;
    timer_start(s->silence, ASSIGNMENT_SILENCE_MS);
    while ((end = memchr(bytes, '\n', n)) != NULL) {
        size_t line_n = (size_t)(end - bytes);
        bool ok;
        if (s->partial.len == 0) {
            ok = take_line(s, bytes, line_n);
        } else {
            buf_add(&s->partial, bytes, line_n);
            ok = take_line(s, s->partial.data, s->partial.len);
            buf_clear(&s->partial);
        }
        if (!ok)
            return;
        bytes = end + 1;
        n -= line_n + 1;
    }
    buf_add(&s->partial, bytes, n);
    if (!buf_ok(&s->partial))
        reconnect_later(s, "a line is over the limit");
}

static void on_done(void *ctx, const struct control_reply *reply)
{
    struct assignment_stream *s = ctx;
    char status[32];
    s->call = NULL;
    (void)snprintf(status, sizeof(status), "HTTP status %ld", reply->status);
    reconnect_later(s, reply->status == 0 ? reply->error : status);
}

struct assignment_stream *assignment_stream_new(struct uv_loop_s *loop,
                                                struct control_client *client,
                                                assignment_line_fn *on_line, void *ctx)
{
    struct assignment_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return NULL;
    s->client = client;
    s->on_line = on_line;
    s->ctx = ctx;
    backoff_init(&s->backoff, RECONNECT_FIRST_MS, RECONNECT_MAX_MS);
    buf_init(&s->partial, LIMIT_ASSIGNMENT_BYTES);
    s->silence = timer_new(loop, on_silence, s);
    s->reconnect = timer_new(loop, on_reconnect, s);
    if (s->silence == NULL || s->reconnect == NULL) {
        assignment_stream_free(s);
        return NULL;
    }
    return s;
}

void assignment_stream_free(struct assignment_stream *s)
{
    if (s == NULL)
        return;
    control_call_cancel(s->call);
    timer_free(s->silence);
    timer_free(s->reconnect);
    buf_done(&s->partial);
    free(s);
}

void assignment_stream_connect(struct assignment_stream *s)
{
    s->call = control_client_stream(s->client, "/agent/v1/assignments", on_data, on_done, s);
    if (s->call == NULL)
        reconnect_later(s, "out of memory");
    else
        timer_start(s->silence, ASSIGNMENT_SILENCE_MS);
}
