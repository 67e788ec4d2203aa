/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-sent events, written by the API and read by the SDK. Any bytes as the lines of a log come
 * back as that many events, each with its id, in whatever pieces they arrive; and any bytes as a
 * stream are read alike however they are cut. The first byte says how large the pieces are.
 */
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "logs/log_event.h"
#include "sse.h"

#define LIMIT_BYTES (1 << 20)
#define STREAM_BYTES (8 << 20)

struct reading {
    struct buf out; /* names and data of all events */
    int64_t last_id;
    int events;
    bool is_log; /* the data is ours, and must be JSON with the next id */
    int result;
};

static int on_event(const struct errand_sse_event *event, void *user)
{
    struct reading *r = user;
    FUZZ_ASSERT(event->data[event->n_data] == '\0');
    r->events++;
    buf_add_text(&r->out, event->name);
    buf_add_char(&r->out, '=');
    buf_add(&r->out, event->data, event->n_data);
    buf_add_char(&r->out, '\n');
    if (!r->is_log)
        return 0;

    json_t *entry = json_loadb(event->data, event->n_data, JSON_ALLOW_NUL, NULL);
    FUZZ_ASSERT(entry != NULL);
    FUZZ_ASSERT(strcmp(event->name, "log") == 0);
    FUZZ_ASSERT(json_integer_value(json_object_get(entry, "id")) == ++r->last_id);
    FUZZ_ASSERT((json_object_get(entry, "msg") != NULL) !=
                (json_object_get(entry, "msg_base64") != NULL));
    json_decref(entry);
    return 0;
}

static void read_all(struct reading *r, const char *bytes, size_t n, size_t step, bool is_log)
{
    struct errand_sse sse;
    *r = (struct reading){.is_log = is_log};
    buf_init(&r->out, STREAM_BYTES);
    errand_sse_init(&sse, LIMIT_BYTES, NULL);
    for (size_t at = 0; at < n && r->result == 0; at += step)
        r->result = errand_sse_feed(&sse, bytes + at, n - at < step ? n - at : step, on_event, r);
    errand_sse_done(&sse);
}

static void assert_same(const char *bytes, size_t n, size_t step, bool is_log, int events)
{
    struct reading whole;
    struct reading cut;
    read_all(&whole, bytes, n, n > 0 ? n : 1, is_log);
    read_all(&cut, bytes, n, step, is_log);
    FUZZ_ASSERT(whole.result == cut.result && whole.events == cut.events);
    FUZZ_ASSERT(whole.out.len == cut.out.len);
    FUZZ_ASSERT(whole.out.len == 0 || memcmp(whole.out.data, cut.out.data, cut.out.len) == 0);
    FUZZ_ASSERT(events < 0 || cut.events == events);
    buf_done(&whole.out);
    buf_done(&cut.out);
}

/* Each line of the input is a line of the log. */
static int write_lines(const char *bytes, size_t n, struct buf *stream)
{
    int lines = 0;
    for (size_t at = 0; at < n;) {
        const char *end = memchr(bytes + at, '\n', n - at);
        size_t size = (end != NULL ? (size_t)(end - bytes) : n) - at;
        size = size < LIMIT_LOG_LINE_BYTES ? size : LIMIT_LOG_LINE_BYTES;
        struct log_item item = {
            .first_id = lines + 1,
            .id = lines + 1,
            .record =
                {
                    .ts_us = lines,
                    .stream = LOG_STREAM_STDOUT + (enum log_stream)(lines % 3),
                    .flags = lines % 2 != 0 ? LOG_RECORD_PARTIAL : 0,
                    .payload = bytes + at,
                    .n = size,
                },
        };
        log_event_put_line(stream, &item);
        lines++;
        at += size + 1;
    }
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf stream;
    if (n == 0 || n > (64 << 10))
        return 0;
    const char *bytes = (const char *)data + 1;
    size_t step = (size_t)data[0] + 1;
    assert_same(bytes, n - 1, step, false, -1);

    buf_init(&stream, STREAM_BYTES);
    int lines = write_lines(bytes, n - 1, &stream);
    FUZZ_ASSERT(buf_ok(&stream));
    assert_same(stream.data, stream.len, step, true, lines);
    buf_done(&stream);
    return 0;
}
