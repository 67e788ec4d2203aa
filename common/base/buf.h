/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a ceiling given at birth.
 *
 * Appending past the ceiling, or out of memory, adds nothing and marks the buffer failed; callers
 * append freely and check once with buf_ok().
 */
#ifndef ERRAND_BASE_BUF_H
#define ERRAND_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/defer.h"

struct buf {
    char *data; /* owned; NULL until the first append */
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool failed;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);

/* Empty it for reuse: keeps the memory and the ceiling, forgets a failure. */
void buf_clear(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t n);
/* here, so that the length of a literal is known when it is compiled */
static inline void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}
void buf_add_char(struct buf *b, char c);
void buf_add_i64(struct buf *b, int64_t value); /* in decimal */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Append `n` bytes as one JSON string literal, quotes included. The bytes must be valid UTF-8. */
void buf_add_json_string(struct buf *b, const char *text, size_t n);

/* Append standard base64 (RFC 4648 section 4, padded). */
void buf_add_base64(struct buf *b, const void *bytes, size_t n);

/* Room for `n` more bytes at the returned address, or NULL (and failed). Add what was written with
 * buf_advance(). */
char *buf_reserve(struct buf *b, size_t n);
void buf_advance(struct buf *b, size_t n);

/* Drop the first `n` bytes. */
void buf_consume(struct buf *b, size_t n);

bool buf_ok(const struct buf *b);

/* The content as a C string, valid until the next append; "" when failed or empty. */
const char *buf_text(struct buf *b);

/* Move the content out as a C string the caller frees; NULL when failed. The buffer is empty after.
 */
char *buf_take(struct buf *b);

#endif
