/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON members by way of jansson, which keeps integers as long long and refuses NUL in texts.
 */
#include "wire/field.h"

#include "base/clock.h"

#include <jansson.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static int wrong(struct err *e, const char *key, const char *what)
{
    return err_set(e, ERR_INVALID, "%s must be %s", key, what);
}

int field_doc_parse(const char *text, size_t n, struct json_t **ret_doc, struct err *e)
{
    json_error_t problem;
    json_t *doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &problem);
    if (doc == NULL)
        return err_set(e, ERR_INVALID, "invalid JSON at byte %d: %s", problem.position,
                       problem.text);
    if (!json_is_object(doc)) {
        json_decref(doc);
        return err_set(e, ERR_INVALID, "the document must be a JSON object");
    }
    *ret_doc = doc;
    return 0;
}

void field_doc_free(struct json_t *doc)
{
    json_decref(doc);
}

void field_doc_freep(struct json_t **doc)
{
    json_decref(*doc);
}

int field_get_text(const struct json_t *object, const char *key, const char **ret_text,
                   struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return wrong(e, key, "a text");
    *ret_text = json_string_value(value);
    return 0;
}

int field_get_text_or_null(const struct json_t *object, const char *key, const char **ret_text,
                           struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (value != NULL && !json_is_null(value))
        return field_get_text(object, key, ret_text, e);
    *ret_text = NULL;
    return 0;
}

int field_get_choice(const struct json_t *object, const char *key, const char *const *choices,
                     size_t *ret_index, struct err *e)
{
    const char *text = NULL;
    if (field_get_text(object, key, &text, e) < 0)
        return ERR_INVALID;
    for (size_t i = 0; choices[i] != NULL; i++)
        if (strcmp(choices[i], text) == 0) {
            *ret_index = i;
            return 0;
        }
    return wrong(e, key, "one of the known values");
}

int field_get_i64(const struct json_t *object, const char *key, int64_t min, int64_t max,
                  int64_t *ret_value, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        return wrong(e, key, "an integer");
    json_int_t number = json_integer_value(value);
    if (number < min || number > max)
        return err_set(e, ERR_INVALID, "%s must be an integer between %" PRId64 " and %" PRId64,
                       key, min, max);
    *ret_value = number;
    return 0;
}

int field_get_u32(const struct json_t *object, const char *key, uint32_t max, uint32_t *ret_value,
                  struct err *e)
{
    int64_t value = 0;
    if (field_get_i64(object, key, 0, max, &value, e) < 0)
        return ERR_INVALID;
    *ret_value = (uint32_t)value;
    return 0;
}

int field_get_number(const struct json_t *object, const char *key, double min, double *ret_value,
                     struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        return wrong(e, key, "a number");
    double number = json_number_value(value);
    if (!(number >= min))
        return err_set(e, ERR_INVALID, "%s must be at least %g", key, min);
    *ret_value = number;
    return 0;
}

int field_get_bool(const struct json_t *object, const char *key, bool *ret_value, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        return wrong(e, key, "true or false");
    *ret_value = json_is_true(value);
    return 0;
}

int field_get_id(const struct json_t *object, const char *key, struct id *ret_id, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value) ||
        id_parse(json_string_value(value), json_string_length(value), ret_id, NULL) < 0)
        return wrong(e, key, "a UUID");
    return 0;
}

int field_get_time(const struct json_t *object, const char *key, int64_t *ret_at_us, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value) || clock_parse(json_string_value(value), ret_at_us, NULL) < 0)
        return wrong(e, key, "an RFC 3339 time");
    return 0;
}

int field_get_array(const struct json_t *object, const char *key, struct json_t **ret_array,
                    struct err *e)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_array(value))
        return wrong(e, key, "an array");
    *ret_array = value;
    return 0;
}

int field_get_object(const struct json_t *object, const char *key, struct json_t **ret_object,
                     struct err *e)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_object(value))
        return wrong(e, key, "an object");
    *ret_object = value;
    return 0;
}

int field_get_texts_or_null(const struct json_t *object, const char *key, const char ***ret_texts,
                            size_t *ret_n, struct err *e)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        *ret_texts = NULL;
        *ret_n = 0;
        return 0;
    }
    if (!json_is_array(value))
        return wrong(e, key, "an array of texts");

    size_t n = json_array_size(value);
    CLEANUP(freep) const char **texts = calloc(n + 1, sizeof(*texts));
    if (texts == NULL)
        return err_errno(e, ENOMEM, "read %s", key);
    for (size_t i = 0; i < n; i++) {
        texts[i] = json_string_value(json_array_get(value, i));
        if (texts[i] == NULL)
            return wrong(e, key, "an array of texts");
    }
    *ret_texts = TAKE_PTR(texts);
    *ret_n = n;
    return 0;
}

void field_put_separator(struct buf *b)
{
    if (b->len == 0)
        return;
    char last = b->data[b->len - 1];
    if (last != '{' && last != '[' && last != '\n')
        buf_add_char(b, ',');
}

void field_put_key(struct buf *b, const char *key)
{
    field_put_separator(b);
    buf_printf(b, "\"%s\":", key);
}

void field_put_text(struct buf *b, const char *key, const char *text)
{
    field_put_key(b, key);
    if (text == NULL)
        buf_add_text(b, "null");
    else
        buf_add_json_string(b, text, strlen(text));
}

void field_put_i64(struct buf *b, const char *key, int64_t value)
{
    field_put_key(b, key);
    buf_printf(b, "%" PRId64, value);
}

void field_put_number(struct buf *b, const char *key, double value)
{
    field_put_key(b, key);
    if (isfinite(value))
        buf_printf(b, "%.15g", value);
    else
        buf_add_text(b, "null");
}

void field_put_bool(struct buf *b, const char *key, bool value)
{
    field_put_key(b, key);
    buf_add_text(b, value ? "true" : "false");
}

void field_put_id(struct buf *b, const char *key, struct id id)
{
    field_put_key(b, key);
    buf_printf(b, "\"%s\"", ID_TEXT(id));
}

void field_put_time(struct buf *b, const char *key, int64_t at_us)
{
    char text[CLOCK_TEXT_BYTES];
    field_put_key(b, key);
    buf_printf(b, "\"%s\"", clock_format_us(at_us, text));
}

void field_put_texts(struct buf *b, const char *key, const char *const *texts, size_t n)
{
    field_put_key(b, key);
    if (texts == NULL) {
        buf_add_text(b, "null");
        return;
    }
    buf_add_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        field_put_separator(b);
        buf_add_json_string(b, texts[i], strlen(texts[i]));
    }
    buf_add_char(b, ']');
}
