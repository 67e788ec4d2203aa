/* SPDX-License-Identifier: Apache-2.0
 *
 * A line that lies whole in the fed bytes is used where it is; only a cut one is copied.
 */
#include "sse.h"

#include <string.h>

#define NAME_LIMIT 64

static const char byte_order_mark[] = "\xef\xbb\xbf";

void errand_sse_init(struct errand_sse *sse, size_t limit, const errand_allocator *allocator)
{
    memset(sse, 0, sizeof(*sse));
    errand_buffer_init_in(&sse->line, limit, allocator);
    errand_buffer_init_in(&sse->name, NAME_LIMIT, allocator);
    errand_buffer_init_in(&sse->data, limit, allocator);
}

void errand_sse_done(struct errand_sse *sse)
{
    errand_buffer_done(&sse->line);
    errand_buffer_done(&sse->name);
    errand_buffer_done(&sse->data);
}

void errand_sse_reset(struct errand_sse *sse)
{
    errand_buffer_clear(&sse->line);
    errand_buffer_clear(&sse->name);
    errand_buffer_clear(&sse->data);
    sse->has_data = 0;
    sse->after_cr = 0;
    sse->past_start = 0;
}

static int sse_dispatch(struct errand_sse *sse, errand_sse_handler *handler, void *user)
{
    struct errand_sse_event event;
    int r = 0;

    if (sse->has_data) {
        event.name = sse->name.n == 0 ? "message" : errand_buffer_text(&sse->name);
        event.data = sse->data.bytes;
        event.n_data = sse->data.n;
        r = handler(&event, user);
    }
    errand_buffer_clear(&sse->name);
    errand_buffer_clear(&sse->data);
    sse->has_data = 0;
    return r;
}

static int sse_add_data(struct errand_sse *sse, const char *value, size_t n)
{
    if (sse->has_data && errand_buffer_add(&sse->data, "\n", 1) < 0)
        return -1;
    sse->has_data = 1;
    return errand_buffer_add(&sse->data, value, n);
}

static int sse_name_is(const char *name, size_t n, const char *wanted)
{
    return n == strlen(wanted) && memcmp(name, wanted, n) == 0;
}

static int sse_field(struct errand_sse *sse, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    size_t n_name = colon == NULL ? n : (size_t)(colon - line);
    const char *value = colon == NULL ? line + n : colon + 1;
    size_t n_value = n - (size_t)(value - line);

    if (n_value > 0 && value[0] == ' ') {
        value++;
        n_value--;
    }
    if (sse_name_is(line, n_name, "data"))
        return sse_add_data(sse, value, n_value);
    if (sse_name_is(line, n_name, "event")) {
        errand_buffer_clear(&sse->name);
        return errand_buffer_add(&sse->name, value, n_value);
    }
    return 0; /* a comment (no name at all), or a field not used here */
}

static int sse_line(struct errand_sse *sse, const char *line, size_t n, errand_sse_handler *handler,
                    void *user)
{
    if (!sse->past_start) {
        sse->past_start = 1;
        if (n >= 3 && memcmp(line, byte_order_mark, 3) == 0) {
            line += 3;
            n -= 3;
        }
    }
    return n == 0 ? sse_dispatch(sse, handler, user) : sse_field(sse, line, n);
}

/* The first carriage return or line feed, or NULL. */
static const char *sse_line_end(const char *bytes, size_t n)
{
    const char *feed = memchr(bytes, '\n', n);
    const char *cr = memchr(bytes, '\r', feed == NULL ? n : (size_t)(feed - bytes));

    return cr != NULL ? cr : feed;
}

int errand_sse_feed(struct errand_sse *sse, const char *bytes, size_t n,
                    errand_sse_handler *handler, void *user)
{
    const char *end = bytes + n;

    while (bytes < end) {
        const char *stop;
        int r;

        if (sse->after_cr) {
            sse->after_cr = 0;
            if (*bytes == '\n') {
                bytes++;
                continue;
            }
        }
        stop = sse_line_end(bytes, (size_t)(end - bytes));
        if (stop == NULL)
            return errand_buffer_add(&sse->line, bytes, (size_t)(end - bytes));

        if (sse->line.n == 0) {
            r = sse_line(sse, bytes, (size_t)(stop - bytes), handler, user);
        } else if (errand_buffer_add(&sse->line, bytes, (size_t)(stop - bytes)) < 0) {
            r = -1;
        } else {
            r = sse_line(sse, sse->line.bytes, sse->line.n, handler, user);
        }
        errand_buffer_clear(&sse->line);
        if (r != 0)
            return r;
        sse->after_cr = *stop == '\r';
        bytes = stop + 1;
    }
    return 0;
}
