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

void params_add_id_or_null(struct params *p, struct id id)
{
    if (id_is_nil(id))
        params_add_null(p);
    else
        params_add_id(p, id);
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

void params_add_time_or_null(struct params *p, int64_t at_us)
{
    if (at_us == 0)
        params_add_null(p);
    else
        params_add_time(p, at_us);
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

static void begin_array(struct params *p, uint32_t element_oid, size_t n)
{
    begin(p, 1);
    add_be32(&p->bytes, n > 0 ? 1 : 0); /* dimensions */
    add_be32(&p->bytes, 1);             /* there may be NULLs */
    add_be32(&p->bytes, element_oid);
    if (n > 0) {
        add_be32(&p->bytes, (uint32_t)n);
        add_be32(&p->bytes, 1); /* lower bound */
    }
}

static void add_element(struct params *p, const void *bytes, size_t n)
{
    add_be32(&p->bytes, (uint32_t)n);
    buf_add(&p->bytes, bytes, n);
}

void params_add_text_array(struct params *p, const char *const *items, size_t n)
{
    begin_array(p, PG_OID_TEXT, n);
    for (size_t i = 0; i < n; i++)
        add_element(p, items[i], strlen(items[i]));
    end(p);
}

static const void *nth(const void *first, size_t i, size_t stride)
{
    return (const char *)first + i * stride;
}

void params_add_id_column(struct params *p, const struct id *first, size_t n, size_t stride)
{
    begin_array(p, PG_OID_UUID, n);
    for (size_t i = 0; i < n; i++) {
        const struct id *id = nth(first, i, stride);
        add_element(p, id->bytes, sizeof(id->bytes));
    }
    end(p);
}

void params_add_i64_column(struct params *p, const int64_t *first, size_t n, size_t stride)
{
    begin_array(p, PG_OID_INT8, n);
    for (size_t i = 0; i < n; i++) {
        const int64_t *value = nth(first, i, stride);
        uint64_t wire = htobe64((uint64_t)*value);
        add_element(p, &wire, sizeof(wire));
    }
    end(p);
}

void params_add_time_column(struct params *p, const int64_t *first_us, size_t n, size_t stride)
{
    begin_array(p, PG_OID_TIMESTAMPTZ, n);
    for (size_t i = 0; i < n; i++) {
        const int64_t *at_us = nth(first_us, i, stride);
        uint64_t wire = htobe64((uint64_t)(*at_us - PG_EPOCH_US));
        add_element(p, &wire, sizeof(wire));
    }
    end(p);
}

void params_add_bytes_column(struct params *p, const struct params_bytes *first, size_t n,
                             size_t stride)
{
    begin_array(p, PG_OID_BYTEA, n);
    for (size_t i = 0; i < n; i++) {
        const struct params_bytes *value = nth(first, i, stride);
        add_element(p, value->bytes, value->n);
    }
    end(p);
}

void params_add_text_column(struct params *p, const char *const *first, size_t n, size_t stride)
{
    begin_array(p, PG_OID_TEXT, n);
    for (size_t i = 0; i < n; i++) {
        const char *const *text = nth(first, i, stride);
        if (*text == NULL)
            add_be32(&p->bytes, UINT32_MAX);
        else
            add_element(p, *text, strlen(*text));
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
