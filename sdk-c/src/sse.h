/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-sent events: bytes in, in pieces of any size; whole events out. Pure: no I/O, no clock.
 *
 * Source: WHATWG HTML, "Server-sent events", section "Interpreting an event stream". Comments are
 * skipped, `retry` is left to the caller's own back-off, an event cut off by the end is dropped.
 */
#ifndef ERRAND_SDK_SSE_H
#define ERRAND_SDK_SSE_H

#include <stddef.h>

#include "buffer.h"

struct errand_sse_event {
    const char *name; /* "message" unless the stream names it */
    char *data;       /* a NUL follows the last byte; the handler may write to it */
    size_t n_data;
};

/* Non-zero stops: the rest of the bytes is not looked at. */
typedef int errand_sse_handler(const struct errand_sse_event *event, void *user);

struct errand_sse {
    struct errand_buffer line; /* a line whose end has not come yet */
    struct errand_buffer name;
    struct errand_buffer data;
    int has_data;   /* tells an empty `data:` from none at all */
    int after_cr;   /* a line feed would belong to the line end already seen */
    int past_start; /* the byte order mark can no longer come */
};

/* `limit` bounds a line, and an event's data. `allocator` may be NULL, and outlives it. */
void errand_sse_init(struct errand_sse *sse, size_t limit, const errand_allocator *allocator);
void errand_sse_done(struct errand_sse *sse);

/* For a new connection: nothing of the old one is carried over. */
void errand_sse_reset(struct errand_sse *sse);

/* 0, the handler's non-zero, or -1 when the limit or the memory is exceeded. The handler returns
 * positive values only. */
int errand_sse_feed(struct errand_sse *sse, const char *bytes, size_t n,
                    errand_sse_handler *handler, void *user);

#endif
