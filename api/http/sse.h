/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing of server-sent events. An event's data is one line: JSON, in which a line break is always
 * escaped.
 *
 *     sse_begin(b, "4711", "log");
 *     buf_add_text(b, "{...}");
 *     sse_end(b);
 *
 * Source: WHATWG HTML, section 9.2 "Server-sent events".
 */
#ifndef ERRAND_API_SSE_H
#define ERRAND_API_SSE_H

#include "base/buf.h"

/* How long a client waits before it connects again. */
void sse_put_retry(struct buf *b, unsigned delay_ms);

/* What clients ignore, to show that the stream lives. `text` is one line. */
void sse_put_comment(struct buf *b, const char *text);

/* Open an event; its data follows. `id` may be NULL: clients then keep the last one. */
void sse_begin(struct buf *b, const char *id, const char *event);
void sse_begin_numbered(struct buf *b, int64_t id, const char *event);

/* Close it. `id` as above, for an event whose id is known only at its end. */
void sse_end(struct buf *b);
void sse_end_with_id(struct buf *b, const char *id);

#endif
