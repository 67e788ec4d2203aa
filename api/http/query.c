/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "base/utf8.h"

#define QUERY_MAX_BYTES (64 << 10)

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The text without %xx and +; NULL when that is no UTF-8. Escapes that are none stay as they are.
 */
static json_t *decode(const char *text, size_t n)
{
    CLEANUP(buf_done) struct buf out;
    buf_init(&out, QUERY_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        int high = text[i] == '%' && i + 2 < n ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            buf_add_char(&out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_add_char(&out, text[i] == '+' ? ' ' : text[i]);
        }
    }
    bool is_text = buf_ok(&out) && utf8_is_valid(buf_text(&out), out.len);
    return is_text ? json_stringn(buf_text(&out), out.len) : NULL;
}

static bool is_int(const struct field *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].kind == FIELD_INT;
    }
    return false;
}

/* The text as the table wants it: a number if it is one and the field has numbers. */
static json_t *typed(json_t *text, const struct field *table, size_t n, const char *name)
{
    int64_t number;
    if (is_int(table, n, name) && parse_i64_n(json_string_value(text), json_string_length(text),
                                              INT64_MIN, INT64_MAX, name, &number, NULL) == 0)
        return json_integer(number);
    return json_incref(text);
}

/* Add the parameter "name=value" to `object`. */
static void read_parameter(struct fields *f, json_t *object, const char *text, size_t n,
                           const struct field *table, size_t table_n)
{
    const char *equals = memchr(text, '=', n);
    size_t name_n = equals != NULL ? (size_t)(equals - text) : n;
    size_t skip = equals != NULL ? name_n + 1 : n;
    json_t *name = decode(text, name_n);
    json_t *value = decode(text + skip, n - skip);

    const char *key = name != NULL ? json_string_value(name) : "query";
    if (name == NULL || value == NULL)
        problems_add(&f->problems, key, "must be UTF-8");
    else if (json_object_get(object, key) != NULL)
        problems_add(&f->problems, key, "is given twice");
    else
        (void)json_object_set_new(object, key, typed(value, table, table_n, key));
    json_decref(name);
    json_decref(value);
}

void query_read(struct fields *f, const char *query, size_t n, const struct field *table,
                size_t table_n, void *target)
{
    json_t *object = fields_keep(f, json_object());
    size_t part_n;
    for (size_t at = 0; at < n; at += part_n + 1) {
        const char *amp = memchr(query + at, '&', n - at);
        part_n = amp != NULL ? (size_t)(amp - query) - at : n - at;
        if (part_n > 0)
            read_parameter(f, object, query + at, part_n, table, table_n);
    }
    fields_read(f, "", object, table, table_n, target);
}
