/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fields.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "model/label.h"
#include "model/limits.h"

#define PATH_BYTES 512
#define NUL_RULE "must not hold the character U+0000"

/* One field on its way: where it is named, what it holds, where it goes. */
struct reading {
    struct fields *f;
    const struct field *field;
    const char *name; /* with its path */
    json_t *value;
    void *member;
};

typedef void read_function(const struct reading *r);

void fields_init(struct fields *f)
{
    *f = (struct fields){.kept = json_array()};
    problems_init(&f->problems);
}

void fields_done(struct fields *f)
{
    problems_done(&f->problems);
    json_decref(f->kept);
    f->kept = NULL;
}

json_t *fields_keep(struct fields *f, json_t *made)
{
    (void)json_array_append_new(f->kept, made);
    return made;
}

static void complain(const struct reading *r, const char *rule)
{
    problems_add(&r->f->problems, r->name, "%s", rule);
}

/* "must be between 3 and 50 characters", or "must be at most 50 characters". */
static void complain_range(const struct reading *r, int64_t min, int64_t max, const char *unit)
{
    if (min > 0 || unit[0] == '\0')
        problems_add(&r->f->problems, r->name, "must be between %" PRId64 " and %" PRId64 "%s", min,
                     max, unit);
    else
        problems_add(&r->f->problems, r->name, "must be at most %" PRId64 "%s", max, unit);
}

static bool has_nul(json_t *text)
{
    return strlen(json_string_value(text)) != json_string_length(text);
}

static void read_sized(const struct reading *r, size_t size, const char *unit)
{
    const struct field *field = r->field;
    const char *text = json_string_value(r->value);
    if (has_nul(r->value)) {
        complain(r, NUL_RULE);
        return;
    }
    if ((int64_t)size < field->min || (int64_t)size > field->max) {
        complain_range(r, field->min, field->max, unit);
        return;
    }
    const char *rule = field->check != NULL ? field->check(text) : NULL;
    if (rule != NULL)
        complain(r, rule);
    else
        *(const char **)r->member = text;
}

static void read_text(const struct reading *r)
{
    size_t length = utf8_length(json_string_value(r->value), json_string_length(r->value));
    read_sized(r, length, " characters");
}

static void read_bytes(const struct reading *r)
{
    read_sized(r, json_string_length(r->value), " bytes");
}

static void read_choice(const struct reading *r)
{
    const char *text = json_string_value(r->value);
    CLEANUP(buf_done) struct buf rule;
    buf_init(&rule, PATH_BYTES);
    buf_add_text(&rule, "must be ");
    for (const char *const *choice = r->field->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0 && !has_nul(r->value)) {
            *(const char **)r->member = *choice;
            return;
        }
        buf_printf(&rule, "%s%s",
                   choice == r->field->choices ? ""
                   : choice[1]                 ? ", "
                                               : " or ",
                   *choice);
    }
    complain(r, buf_text(&rule));
}

static void read_id(const struct reading *r)
{
    if (id_parse(json_string_value(r->value), json_string_length(r->value), r->member, NULL) < 0)
        complain(r, "must be a UUID");
}

static void read_int(const struct reading *r)
{
    json_int_t value = json_integer_value(r->value);
    if (value < r->field->min || value > r->field->max)
        complain_range(r, r->field->min, r->field->max, "");
    else
        *(int64_t *)r->member = value;
}

static void read_number(const struct reading *r)
{
    double value = json_number_value(r->value);
    if (value < (double)r->field->min || value > (double)r->field->max)
        complain_range(r, r->field->min, r->field->max, "");
    else
        *(double *)r->member = value;
}

static void read_time(const struct reading *r)
{
    if (has_nul(r->value) || clock_parse(json_string_value(r->value), r->member, NULL) < 0)
        complain(r, "must be a time such as 2026-01-02T03:04:05Z");
}

static void read_bool(const struct reading *r)
{
    *(bool *)r->member = json_is_true(r->value);
}

/* Keep the value as JSON text. */
static void store_json_text(const struct reading *r)
{
    char *text = json_dumps(r->value, JSON_COMPACT);
    *(const char **)r->member = json_string_value(fields_keep(r->f, json_string_nocheck(text)));
    free(text);
}

static const char *argv_item_rule(json_t *item)
{
    if (!json_is_string(item))
        return "must be a string";
    return has_nul(item) ? NUL_RULE : NULL;
}

static void read_argv(const struct reading *r)
{
    if (json_array_size(r->value) > LIMIT_ARGV_ITEMS) {
        problems_add(&r->f->problems, r->name, "must have at most %d items", LIMIT_ARGV_ITEMS);
        return;
    }
    size_t i;
    json_t *item;
    size_t characters = 0;
    bool all_fine = true;
    json_array_foreach(r->value, i, item)
    {
        const char *rule = argv_item_rule(item);
        if (rule == NULL) {
            characters += utf8_length(json_string_value(item), json_string_length(item));
            continue;
        }
        char name[PATH_BYTES];
        (void)snprintf(name, sizeof(name), "%s[%zu]", r->name, i);
        problems_add(&r->f->problems, name, "%s", rule);
        all_fine = false;
    }
    if (characters > LIMIT_ARGV_CHARS)
        problems_add(&r->f->problems, r->name, "must have at most %d characters in all",
                     LIMIT_ARGV_CHARS);
    else if (all_fine)
        store_json_text(r);
}

/* What is wrong with one label, or NULL. */
static const char *label_rule(const char *key, json_t *value)
{
    if (!label_key_is_valid(key, strlen(key)))
        return "must have a key of 1 to 63 letters, digits, '.', '_', '/' or '-' that begins and "
               "ends with a letter or digit";
    if (!json_is_string(value))
        return "must be a string";
    if (has_nul(value))
        return NUL_RULE;
    return label_value_is_valid(json_string_value(value), json_string_length(value))
               ? NULL
               : "must be at most 255 characters";
}
_Static_assert(LIMIT_LABEL_KEY_MAX == 63 && LIMIT_LABEL_VALUE_MAX == 255, "the texts above");

static void read_labels(const struct reading *r)
{
    if (json_object_size(r->value) > LIMIT_LABELS) {
        problems_add(&r->f->problems, r->name, "must have at most %d entries", LIMIT_LABELS);
        return;
    }
    const char *key;
    json_t *value;
    bool all_fine = true;
    json_object_foreach(r->value, key, value)
    {
        const char *rule = label_rule(key, value);
        if (rule == NULL)
            continue;
        CLEANUP(buf_done) struct buf name;
        buf_init(&name, LIMIT_BODY_BYTES);
        buf_printf(&name, "%s.%s", r->name, key);
        problems_add(&r->f->problems, buf_text(&name), "%s", rule);
        all_fine = false;
    }
    if (all_fine)
        store_json_text(r);
}

static void read_object_list(const struct reading *r)
{
    if ((int64_t)json_array_size(r->value) > r->field->max)
        problems_add(&r->f->problems, r->name, "must have at most %" PRId64 " items",
                     r->field->max);
    else
        *(json_t **)r->member = r->value;
}

static void read_object(const struct reading *r)
{
    *(json_t **)r->member = r->value;
}

static bool is_text(const json_t *value)
{
    return json_is_string(value);
}

static bool is_int(const json_t *value)
{
    return json_is_integer(value);
}

static bool is_number(const json_t *value)
{
    return json_is_number(value);
}

static bool is_bool(const json_t *value)
{
    return json_is_boolean(value);
}

static bool is_array(const json_t *value)
{
    return json_is_array(value);
}

static bool is_object(const json_t *value)
{
    return json_is_object(value);
}

static const struct {
    bool (*is_type)(const json_t *value);
    const char *type_rule;
    read_function *read;
} kinds[] = {
    [FIELD_TEXT] = {is_text, "must be a string", read_text},
    [FIELD_BYTES] = {is_text, "must be a string", read_bytes},
    [FIELD_CHOICE] = {is_text, "must be a string", read_choice},
    [FIELD_ID] = {is_text, "must be a UUID", read_id},
    [FIELD_INT] = {is_int, "must be an integer", read_int},
    [FIELD_TIME] = {is_text, "must be a string", read_time},
    [FIELD_NUMBER] = {is_number, "must be a number", read_number},
    [FIELD_BOOL] = {is_bool, "must be true or false", read_bool},
    [FIELD_ARGV] = {is_array, "must be an array of strings", read_argv},
    [FIELD_LABELS] = {is_object, "must be an object of strings", read_labels},
    [FIELD_OBJECT] = {is_object, "must be an object", read_object},
    [FIELD_LIST] = {is_array, "must be an array", read_object_list},
    [FIELD_OBJECT_LIST] = {is_array, "must be an array of objects", read_object_list},
};

static void set_none(const struct reading *r)
{
    if (r->field->kind == FIELD_ID)
        *(struct id *)r->member = (struct id){0};
    else
        *(void **)r->member = NULL;
}

static void read_field(const struct reading *r)
{
    const struct field *field = r->field;
    if (r->value == NULL) {
        if ((field->flags & FIELD_REQUIRED) != 0 && !r->f->is_partial)
            complain(r, "is required");
    } else if (json_is_null(r->value) && (field->flags & FIELD_NULLABLE) != 0) {
        set_none(r);
    } else if (!kinds[field->kind].is_type(r->value)) {
        complain(r, kinds[field->kind].type_rule);
    } else {
        kinds[field->kind].read(r);
    }
}

static bool is_known(const struct field *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].name, name) == 0)
            return true;
    }
    return false;
}

static void refuse_unknown(struct fields *f, const char *path, json_t *object,
                           const struct field *table, size_t n)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (is_known(table, n, key))
            continue;
        CLEANUP(buf_done) struct buf name;
        buf_init(&name, LIMIT_BODY_BYTES + PATH_BYTES);
        buf_printf(&name, "%s%s", path, key);
        problems_add(&f->problems, buf_text(&name), "is not a known field");
    }
}

void fields_read(struct fields *f, const char *path, json_t *object, const struct field *table,
                 size_t n, void *target)
{
    for (size_t i = 0; i < n; i++) {
        char name[PATH_BYTES];
        (void)snprintf(name, sizeof(name), "%s%s", path, table[i].name);
        read_field(&(struct reading){
            .f = f,
            .field = &table[i],
            .name = name,
            .value = json_object_get(object, table[i].name),
            .member = (char *)target + table[i].offset,
        });
    }
    refuse_unknown(f, path, object, table, n);
}
