/* SPDX-License-Identifier: Apache-2.0
 *
 * Growth is by doubling; one byte is always kept for the closing NUL.
 */
#include "buffer.h"

#include "memory.h"

#include <string.h>

#define FIRST_CAPACITY 256

void errand_buffer_init(struct errand_buffer *b, size_t limit)
{
    memset(b, 0, sizeof(*b));
    b->limit = limit;
}

void errand_buffer_init_in(struct errand_buffer *b, size_t limit, const errand_allocator *allocator)
{
    errand_buffer_init(b, limit);
    b->allocator = allocator;
}

void errand_buffer_done(struct errand_buffer *b)
{
    errand_memory_release(b->allocator, b->bytes);
    errand_buffer_init_in(b, b->limit, b->allocator);
}

void errand_buffer_clear(struct errand_buffer *b)
{
    b->n = 0;
    b->failed = 0;
    if (b->bytes != NULL)
        b->bytes[0] = '\0';
}

static int buffer_reserve(struct errand_buffer *b, size_t n)
{
    size_t capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity;
    char *bytes;

    if (n > b->limit - b->n)
        return -1;
    while (capacity - b->n <= n)
        capacity *= 2;
    if (capacity == b->capacity)
        return 0;

    bytes = errand_memory_resize(b->allocator, b->bytes, capacity);
    if (bytes == NULL)
        return -1;
    b->bytes = bytes;
    b->capacity = capacity;
    return 0;
}

int errand_buffer_add(struct errand_buffer *b, const void *bytes, size_t n)
{
    if (b->failed || buffer_reserve(b, n) < 0) {
        b->failed = 1;
        return -1;
    }
    if (n > 0)
        memcpy(b->bytes + b->n, bytes, n);
    b->n += n;
    b->bytes[b->n] = '\0';
    return 0;
}

int errand_buffer_add_text(struct errand_buffer *b, const char *text)
{
    return errand_buffer_add(b, text, strlen(text));
}

const char *errand_buffer_text(const struct errand_buffer *b)
{
    return b->bytes == NULL ? "" : b->bytes;
}

char *errand_buffer_take(struct errand_buffer *b)
{
    char *text = NULL;

    if (!b->failed && errand_buffer_add(b, "", 0) == 0) {
        text = b->bytes;
        b->bytes = NULL;
    }
    errand_buffer_done(b);
    return text;
}
