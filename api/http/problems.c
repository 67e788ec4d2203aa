/* SPDX-License-Identifier: Apache-2.0 */
#include "http/problems.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_BYTES 256 /* of a field's name in a message; longest known ones are label paths */
#define RULE_BYTES 512

void problems_init(struct problems *p)
{
    p->errors = json_array();
    p->fields = json_object();
}

void problems_done(struct problems *p)
{
    json_decref(p->errors);
    json_decref(p->fields);
    *p = (struct problems){0};
}

static void cut_name(const char *field, char name[NAME_BYTES])
{
    size_t n = strlen(field);
    size_t kept = n < NAME_BYTES ? n : utf8_floor(field, NAME_BYTES - 1, n);
    memcpy(name, field, kept);
    name[kept] = '\0';
}

/* "image_name" begins a sentence as "Image name". */
static void humanize(char *name)
{
    name[0] = (char)toupper((unsigned char)name[0]);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
    }
}

void problems_add(struct problems *p, const char *field, const char *fmt, ...)
{
    if (json_array_size(p->errors) >= PROBLEMS_MAX)
        return;

    char rule[RULE_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(rule, sizeof(rule), fmt, args);
    va_end(args);

    char name[NAME_BYTES];
    cut_name(field, name);
    json_t *rules = json_object_get(p->fields, name);
    if (rules == NULL) {
        rules = json_array();
        (void)json_object_set_new(p->fields, name, rules);
    }
    (void)json_array_append_new(rules, json_string(rule));

    humanize(name);
    (void)json_array_append_new(p->errors, json_sprintf("%s %s", name, rule));
}

bool problems_any(const struct problems *p)
{
    return json_array_size(p->errors) > 0;
}

bool problems_has(const struct problems *p, const char *field)
{
    char name[NAME_BYTES];
    cut_name(field, name);
    return json_object_get(p->fields, name) != NULL;
}
