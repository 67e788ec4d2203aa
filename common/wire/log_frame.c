/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/log_frame.h"

#include "model/limits.h"
#include "wire/field.h"

#include <jansson.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

static void put_le32(struct buf *b, uint32_t value)
{
    value = htole32(value);
    buf_add(b, &value, sizeof(value));
}

static void put_le64(struct buf *b, uint64_t value)
{
    value = htole64(value);
    buf_add(b, &value, sizeof(value));
}

static uint32_t get_le32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint64_t get_le64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

void log_frame_put(struct buf *b, const struct log_frame *frame)
{
    buf_add(b, frame->run_id.bytes, sizeof(frame->run_id.bytes));
    put_le32(b, frame->attempt);
    put_le64(b, frame->first_id);
    put_le32(b, frame->n_records);
    put_le32(b, frame->n_bytes);
    buf_add(b, frame->records, frame->n_bytes);
}

int log_frame_parse(const void *bytes, size_t n, struct log_frame *ret_frame, size_t *ret_used,
                    struct err *e)
{
    const unsigned char *at = bytes;
    struct log_frame frame = {0};

    if (n < LOG_FRAME_HEADER_BYTES)
        return err_set(e, ERR_INVALID, "log frame header cut short at %zu bytes", n);
    memcpy(frame.run_id.bytes, at, sizeof(frame.run_id.bytes));
    frame.attempt = get_le32(at + 16);
    frame.first_id = get_le64(at + 20);
    frame.n_records = get_le32(at + 28);
    frame.n_bytes = get_le32(at + 32);
    frame.records = at + LOG_FRAME_HEADER_BYTES;

    if (frame.attempt == 0 || frame.attempt > INT32_MAX)
        return err_set(e, ERR_INVALID, "log frame with an impossible attempt");
    if (frame.first_id == 0 || frame.first_id > (uint64_t)INT64_MAX - UINT32_MAX)
        return err_set(e, ERR_INVALID, "log frame with an impossible first_id");
    if (frame.n_records == 0 || frame.n_bytes == 0 || frame.n_bytes > LIMIT_LOG_FRAME_BYTES)
        return err_set(e, ERR_INVALID, "log frame of an impossible size");
    if (frame.n_bytes > n - LOG_FRAME_HEADER_BYTES)
        return err_set(e, ERR_INVALID, "log frame records cut short");

    *ret_frame = frame;
    *ret_used = LOG_FRAME_HEADER_BYTES + frame.n_bytes;
    return 0;
}

void log_ack_list_put(struct buf *b, const struct log_ack *items, size_t n)
{
    buf_add_char(b, '{');
    field_put_key(b, "acks");
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        field_put_separator(b);
        buf_add_char(b, '{');
        field_put_id(b, "run", items[i].run_id);
        field_put_i64(b, "attempt", items[i].attempt);
        if (items[i].code != NULL)
            field_put_text(b, "code", items[i].code);
        else
            field_put_i64(b, "last_id", (int64_t)items[i].last_id);
        buf_add_char(b, '}');
    }
    buf_add_text(b, "]}");
}

static int parse_ack(const json_t *object, struct log_ack *ack, struct err *e)
{
    int64_t attempt = 0;
    int64_t last_id = 0;
    if (field_get_id(object, "run", &ack->run_id, e) < 0 ||
        field_get_i64(object, "attempt", 1, INT32_MAX, &attempt, e) < 0 ||
        field_get_text_or_null(object, "code", &ack->code, e) < 0)
        return ERR_INVALID;
    if (ack->code == NULL && field_get_i64(object, "last_id", 0, INT64_MAX, &last_id, e) < 0)
        return ERR_INVALID;
    ack->attempt = (uint32_t)attempt;
    ack->last_id = (uint64_t)last_id;
    return 0;
}

int log_ack_list_parse(const char *text, size_t n, struct log_ack_list *ret_list, struct err *e)
{
    CLEANUP(log_ack_list_done) struct log_ack_list list = {0};
    json_t *acks = NULL;

    if (field_doc_parse(text, n, &list.doc, e) < 0 ||
        field_get_array(list.doc, "acks", &acks, e) < 0)
        return ERR_INVALID;
    list.n = json_array_size(acks);
    list.items = calloc(list.n + 1, sizeof(*list.items));
    if (list.items == NULL)
        return err_errno(e, ENOMEM, "read acks");
    for (size_t i = 0; i < list.n; i++)
        if (parse_ack(json_array_get(acks, i), &list.items[i], e) < 0)
            return err_wrap(e, "acks[%zu]", i);

    *ret_list = list;
    list = (struct log_ack_list){0};
    return 0;
}

void log_ack_list_done(struct log_ack_list *list)
{
    free(list->items);
    field_doc_free(list->doc);
    *list = (struct log_ack_list){0};
}
