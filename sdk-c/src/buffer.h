/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that grow up to a ceiling given at birth. After a refused addition the content is as it
 * was before, and the failure stays recorded, so a caller may add many pieces and check once.
 */
#ifndef ERRAND_SDK_BUFFER_H
#define ERRAND_SDK_BUFFER_H

#include <stddef.h>

#include <errand/allocator.h>

struct errand_buffer {
    char *bytes; /* owned; a NUL follows the last byte; NULL while nothing was added */
    size_t n;
    size_t capacity;
    size_t limit;
    int failed;
    const errand_allocator *allocator; /* borrowed; NULL = the C library's */
};

void errand_buffer_init(struct errand_buffer *b, size_t limit);
/* The same, with memory of `allocator`, which outlives it. */
void errand_buffer_init_in(struct errand_buffer *b, size_t limit,
                           const errand_allocator *allocator);
void errand_buffer_done(struct errand_buffer *b);

/* Keep the memory, forget the content and the failure. */
void errand_buffer_clear(struct errand_buffer *b);

/* 0, or -1 when the ceiling or the memory does not allow it. */
int errand_buffer_add(struct errand_buffer *b, const void *bytes, size_t n);
int errand_buffer_add_text(struct errand_buffer *b, const char *text);

/* The content as text: "" while nothing was added. */
const char *errand_buffer_text(const struct errand_buffer *b);

/* Hand the text over to the caller, who releases it to the allocator; NULL when an addition was
 * refused. */
char *errand_buffer_take(struct errand_buffer *b);

#endif
