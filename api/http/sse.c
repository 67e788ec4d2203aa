/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sse.h"

void sse_put_retry(struct buf *b, unsigned delay_ms)
{
    buf_printf(b, "retry: %u\n\n", delay_ms);
}

void sse_put_comment(struct buf *b, const char *text)
{
    buf_add_text(b, ": ");
    buf_add_text(b, text);
    buf_add_text(b, "\n\n");
}

static void put_field(struct buf *b, const char *name, const char *value)
{
    buf_add_text(b, name);
    buf_add_text(b, ": ");
    buf_add_text(b, value);
    buf_add_char(b, '\n');
}

void sse_begin(struct buf *b, const char *id, const char *event)
{
    if (id != NULL)
        put_field(b, "id", id);
    put_field(b, "event", event);
    buf_add_text(b, "data: ");
}

void sse_begin_numbered(struct buf *b, int64_t id, const char *event)
{
    buf_add_text(b, "id: ");
    buf_add_i64(b, id);
    buf_add_char(b, '\n');
    sse_begin(b, NULL, event);
}

void sse_end(struct buf *b)
{
    buf_add_text(b, "\n\n");
}

void sse_end_with_id(struct buf *b, const char *id)
{
    buf_add_char(b, '\n');
    put_field(b, "id", id);
    buf_add_char(b, '\n');
}
