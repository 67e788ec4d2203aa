/* SPDX-License-Identifier: Apache-2.0 */
#include "store/params.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "store/pg_format.h"

void params_init(struct params *p, size_t max_bytes)
{
    p->n = 0;
    buf_init(&p->bytes, max_bytes);
}

void params_done(struct params *p)
{
    buf_done(&p->bytes);
    p->n = 0;
}

/* Open the next parameter at the end of the bytes. */
static void begin(struct params *p, int format)
{
    assert(p->n < PARAMS_MAX);
    p->formats[p->n] = format;
    p->offsets[p->n] = (long)p->bytes.len;
}

static void end(struct params *p)
{
    p->lengths[p->n] = (int)((long)p->bytes.len - p->offsets[p->n]);
    buf_add_char(&p->bytes, '\0');
    p->n++;
}

void params_add_null(struct params *p)
{
    begin(p, 0);
    p->offsets[p->n] = -1;
    p->lengths[p->n] = 0;
    p->n++;
}

void params_add_id(struct params *p, struct id id)
{
    params_add_bytes(p, id.bytes, sizeof(id.bytes));
}

void params_add_i64(struct params *p, int64_t value)
{
    begin(p, 0);
    buf_printf(&p->bytes, "%" PRId64, value);
    end(p);
}

void params_add_bool(struct params *p, bool value)
{
    params_add_text(p, value ? "t" : "f");
}

void params_add_time(struct params *p, int64_t at_us)
{
    uint64_t wire = htobe64((uint64_t)(at_us - PG_EPOCH_US));
    params_add_bytes(p, &wire, sizeof(wire));
}

void params_add_text(struct params *p, const char *text)
{
    if (text == NULL) {
        params_add_null(p);
        return;
    }
    begin(p, 0);
    buf_add_text(&p->bytes, text);
    end(p);
}

void params_add_bytes(struct params *p, const void *bytes, size_t n)
{
    begin(p, 1);
    buf_add(&p->bytes, bytes, n);
    end(p);
}

static void add_be32(struct buf *b, uint32_t value)
{
    uint32_t wire = htobe32(value);
    buf_add(b, &wire, sizeof(wire));
}

void params_add_text_array(struct params *p, const char *const *items, size_t n)
{
    begin(p, 1);
    add_be32(&p->bytes, n > 0 ? 1 : 0); /* dimensions */
    add_be32(&p->bytes, 0);             /* no NULLs */
    add_be32(&p->bytes, PG_OID_TEXT);
    if (n > 0) {
        add_be32(&p->bytes, (uint32_t)n);
        add_be32(&p->bytes, 1); /* lower bound */
    }
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(items[i]);
        add_be32(&p->bytes, (uint32_t)len);
        buf_add(&p->bytes, items[i], len);
    }
    end(p);
}

bool params_ok(const struct params *p)
{
    return buf_ok(&p->bytes);
}

void params_pointers(const struct params *p, const char **ret_values)
{
    for (int i = 0; i < p->n; i++)
        ret_values[i] = p->offsets[i] < 0 ? NULL : p->bytes.data + p->offsets[i];
}
