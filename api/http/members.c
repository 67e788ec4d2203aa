/* SPDX-License-Identifier: Apache-2.0 */
#include "http/members.h"

#include "base/clock.h"

void member_value(json_t *object, const char *name, json_t *value)
{
    (void)json_object_set_new_nocheck(object, name, value);
}

void member_text(json_t *object, const char *name, const char *text)
{
    member_value(object, name, text != NULL ? json_string(text) : json_null());
}

void member_id(json_t *object, const char *name, struct id id)
{
    member_text(object, name, id_is_nil(id) ? NULL : ID_TEXT(id));
}

void member_int(json_t *object, const char *name, int64_t value)
{
    member_value(object, name, json_integer(value));
}

void member_count(json_t *object, const char *name, int64_t value)
{
    member_value(object, name, value >= 0 ? json_integer(value) : json_null());
}

void member_bool(json_t *object, const char *name, bool value)
{
    member_value(object, name, json_boolean(value));
}

void member_time(json_t *object, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_BYTES];
    member_text(object, name, at_us != 0 ? clock_format_ms(at_us, text) : NULL);
}

void member_nano(json_t *object, const char *name, int64_t nano)
{
    member_value(object, name, json_real((double)nano / 1e9));
}

void member_json(json_t *object, const char *name, const char *json)
{
    json_t *value = json != NULL ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
    member_value(object, name, value != NULL ? value : json_null());
}
