/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/line_splitter.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Of a character that begins just before the limit, so that it is seen whole. */
#define AHEAD_BYTES ((size_t)2)

#define DATA_BYTES (LIMIT_LOG_LINE_BYTES + AHEAD_BYTES + LINE_SPLITTER_READ_BYTES)

struct sink {
    enum log_stream stream;
    int64_t ts_us;
    line_splitter_emit *emit;
    void *context;
};

int line_splitter_init(struct line_splitter *splitter, enum log_stream stream, struct err *e)
{
    *splitter = (struct line_splitter){.stream = stream, .data = malloc(DATA_BYTES)};
    if (splitter->data == NULL)
        return err_set(e, ERR_UNAVAILABLE, "out of memory");
    return 0;
}

void line_splitter_done(struct line_splitter *splitter)
{
    free(splitter->data);
    splitter->data = NULL;
}

char *line_splitter_room(struct line_splitter *splitter, size_t *ret_n)
{
    *ret_n = DATA_BYTES - splitter->n;
    return splitter->data + splitter->n;
}

static void emit(const struct sink *sink, uint8_t flags, const char *payload, size_t n)
{
    struct log_record record = {
        .ts_us = sink->ts_us,
        .stream = sink->stream,
        .flags = flags,
        .payload = payload,
        .n = n,
    };
    sink->emit(sink->context, &record);
}

/* Emit pieces until at most one full piece is left and `ahead` bytes; returns how many bytes they
 * took. */
static size_t emit_pieces(const struct sink *sink, const char *line, size_t n, size_t ahead)
{
    size_t at = 0;
    while (n - at > LIMIT_LOG_LINE_BYTES + ahead) {
        size_t piece = utf8_floor(line + at, LIMIT_LOG_LINE_BYTES, n - at);
        emit(sink, LOG_RECORD_PARTIAL, line + at, piece);
        at += piece;
    }
    return at;
}

void line_splitter_take(struct line_splitter *splitter, size_t n, int64_t ts_us,
                        line_splitter_emit *emit_record, void *context)
{
    struct sink sink = {splitter->stream, ts_us, emit_record, context};
    const char *line = splitter->data;
    const char *end = splitter->data + splitter->n + n;
    const char *unseen = splitter->data + splitter->n;

    const char *newline;
    while ((newline = memchr(unseen, '\n', (size_t)(end - unseen))) != NULL) {
        size_t taken = emit_pieces(&sink, line, (size_t)(newline - line), 0);
        emit(&sink, 0, line + taken, (size_t)(newline - line) - taken);
        line = newline + 1;
        unseen = line;
    }
    size_t pieces = emit_pieces(&sink, line, (size_t)(end - line), AHEAD_BYTES);
    splitter->is_open = pieces > 0 || (splitter->is_open && line == splitter->data);
    line += pieces;

    splitter->n = (size_t)(end - line);
    memmove(splitter->data, line, splitter->n);
}

bool line_splitter_is_holding(const struct line_splitter *splitter)
{
    return splitter->n > 0;
}

/* `n`, less the start of a character whose rest has not come. */
static size_t whole_characters(const char *text, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)text[n - back];
        size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        if (c < 0x80 || c >= 0xc0)
            return length > back ? n - back : n;
    }
    return n;
}

void line_splitter_flush(struct line_splitter *splitter, int64_t ts_us,
                         line_splitter_emit *emit_record, void *context)
{
    struct sink sink = {splitter->stream, ts_us, emit_record, context};
    size_t at = emit_pieces(&sink, splitter->data, splitter->n, 0);
    size_t n = whole_characters(splitter->data + at, splitter->n - at);
    if (n > 0)
        emit(&sink, LOG_RECORD_PARTIAL, splitter->data + at, n);
    if (at + n == 0)
        return;
    splitter->is_open = true;
    splitter->n -= at + n;
    memmove(splitter->data, splitter->data + at + n, splitter->n);
}

void line_splitter_finish(struct line_splitter *splitter, int64_t ts_us,
                          line_splitter_emit *emit_record, void *context)
{
    struct sink sink = {splitter->stream, ts_us, emit_record, context};
    size_t at = emit_pieces(&sink, splitter->data, splitter->n, 0);
    if (splitter->n > 0 || splitter->is_open)
        emit(&sink, 0, splitter->data + at, splitter->n - at);
    splitter->n = 0;
    splitter->is_open = false;
}
