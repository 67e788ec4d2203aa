/* SPDX-License-Identifier: Apache-2.0
 *
 * Thin over jansson, whose getters already answer NULL for NULL.
 */
#include "fields.h"

const char *errand_field_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

int64_t errand_field_integer(const json_t *object, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

const char *errand_field_item(const json_t *object, const char *name, size_t i)
{
    const char *text = json_string_value(json_array_get(json_object_get(object, name), i));

    return text == NULL ? "" : text;
}

size_t errand_field_count(const json_t *object, const char *name)
{
    return json_array_size(json_object_get(object, name));
}

int errand_field_set_text(json_t *object, const char *name, const char *value)
{
    return value == NULL ? 0 : json_object_set_new(object, name, json_string(value));
}

int errand_field_set_texts(json_t *object, const char *name, const char *const *values, size_t n)
{
    json_t *array;
    size_t i;

    if (values == NULL)
        return 0;
    array = json_array();
    for (i = 0; i < n; i++) {
        if (json_array_append_new(array, json_string(values[i])) < 0) {
            json_decref(array);
            return -1;
        }
    }
    return json_object_set_new(object, name, array);
}
