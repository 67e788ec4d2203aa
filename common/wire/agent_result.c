/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/agent_result.h"

#include "wire/field.h"

#include <jansson.h>

#include <errno.h>

void agent_result_list_put(struct buf *b, const struct agent_result *items, size_t n)
{
    buf_add_char(b, '{');
    field_put_key(b, "results");
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        field_put_separator(b);
        buf_add_char(b, '{');
        field_put_i64(b, "seq", items[i].seq);
        field_put_bool(b, "ok", items[i].ok);
        if (!items[i].ok) {
            field_put_text(b, "code", items[i].code);
            field_put_text(b, "message", items[i].message);
        }
        buf_add_char(b, '}');
    }
    buf_add_text(b, "]}");
}

static int parse_result(const json_t *object, struct agent_result *result, struct err *e)
{
    if (field_get_i64(object, "seq", 0, INT64_MAX, &result->seq, e) < 0 ||
        field_get_bool(object, "ok", &result->ok, e) < 0)
        return ERR_INVALID;
    if (result->ok)
        return 0;
    if (field_get_text(object, "code", &result->code, e) < 0 ||
        field_get_text_or_null(object, "message", &result->message, e) < 0)
        return ERR_INVALID;
    return 0;
}

int agent_result_list_parse(const char *text, size_t n, struct agent_result_list *ret_list,
                            struct err *e)
{
    CLEANUP(agent_result_list_done) struct agent_result_list list = {0};
    json_t *results = NULL;

    if (field_doc_parse(text, n, &list.doc, e) < 0 ||
        field_get_array(list.doc, "results", &results, e) < 0)
        return ERR_INVALID;
    list.n = json_array_size(results);
    list.items = calloc(list.n + 1, sizeof(*list.items));
    if (list.items == NULL)
        return err_errno(e, ENOMEM, "read results");
    for (size_t i = 0; i < list.n; i++)
        if (parse_result(json_array_get(results, i), &list.items[i], e) < 0)
            return err_wrap(e, "results[%zu]", i);

    *ret_list = list;
    list = (struct agent_result_list){0};
    return 0;
}

void agent_result_list_done(struct agent_result_list *list)
{
    free(list->items);
    field_doc_free(list->doc);
    *list = (struct agent_result_list){0};
}
