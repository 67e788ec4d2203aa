/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_filter.h"

#include <string.h>

#include "http/list.h"

/* A label's key and value with "=" between them. */
#define LABEL_MAX (LIMIT_LABEL_KEY_MAX + 1 + LIMIT_LABEL_VALUE_MAX)

struct run_query {
    struct pagination pages;
    const char *status;
    const char *label;
    const char *trigger;
    int64_t since_us;
    int64_t until_us;
    const char *cursor;
};

static const char *const statuses[] = {"pending", "running",  "succeeded",
                                       "failed",  "canceled", NULL};
static const char *const triggers[] = {"api", "schedule", "webhook", "rerun", "retry", NULL};

#define CURSOR_START "start"

static const char *check_cursor(const char *text)
{
    struct id id;
    bool fits = strcmp(text, CURSOR_START) == 0 || id_parse(text, strlen(text), &id, NULL) == 0;
    return fits ? NULL : "must be start, or what meta.cursor.next said";
}

static const char *check_label(const char *text)
{
    return strchr(text, '=') != NULL ? NULL : "must be a label's key and value, such as team=data";
}

#define QUERY(member) .offset = offsetof(struct run_query, member)

static const struct field table[] = {
    PAGINATION_FIELDS(offsetof(struct run_query, pages)),
    {"status", FIELD_CHOICE, QUERY(status), .choices = statuses},
    {"label", FIELD_TEXT, QUERY(label), .min = 1, .max = LABEL_MAX, .check = check_label},
    {"trigger", FIELD_CHOICE, QUERY(trigger), .choices = triggers},
    {"since", FIELD_TIME, QUERY(since_us)},
    {"until", FIELD_TIME, QUERY(until_us)},
    {"cursor", FIELD_TEXT, QUERY(cursor), .min = 1, .max = ID_TEXT_BYTES - 1,
     .check = check_cursor},
};

/* "team=data" as {"team":"data"}; the first "=" divides. */
static const char *label_object(struct fields *f, const char *label)
{
    const char *equals = strchr(label, '=');
    json_t *key = json_stringn(label, (size_t)(equals - label));
    json_t *object = json_object();
    (void)json_object_set_new(object, json_string_value(key), json_string(equals + 1));
    char *text = json_dumps(object, JSON_COMPACT);
    json_t *kept = fields_keep(f, json_string(text));
    free(text);
    json_decref(object);
    json_decref(key);
    return json_string_value(kept);
}

bool run_filter_read(struct request *rq, struct fields *f, struct run_filter *filter)
{
    struct run_query query = {.pages = PAGINATION_DEFAULTS};
    if (!list_read(rq, f, table, ARRAY_LEN(table), &query, &query.pages))
        return false;
    filter->status = query.status;
    filter->trigger = query.trigger;
    filter->labels = query.label != NULL ? label_object(f, query.label) : NULL;
    filter->since_us = query.since_us;
    filter->until_us = query.until_us;
    filter->window = pagination_window(&query.pages);
    filter->is_keyset = query.cursor != NULL;
    if (filter->is_keyset && strcmp(query.cursor, CURSOR_START) != 0)
        IGNORE(id_parse(query.cursor, strlen(query.cursor), &filter->before, NULL));
    return true;
}
