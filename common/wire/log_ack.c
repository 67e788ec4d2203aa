/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/log_ack.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>
#include <stdlib.h>

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
