/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON object read into a struct by a table: one row a field with its type and limits. Every
 * problem is collected, fields that the table does not know included. What is absent leaves its
 * member as it was, so the struct begins with the defaults, or with what is stored.
 */
#ifndef ERRAND_API_FIELDS_H
#define ERRAND_API_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/problems.h"

/* Of what type it is, and of what type the member that it is read into. */
enum field_kind {
    FIELD_TEXT,        /* const char *: min..max code points */
    FIELD_BYTES,       /* const char *: min..max bytes of UTF-8 */
    FIELD_CHOICE,      /* const char *: one of `choices` */
    FIELD_ID,          /* struct id */
    FIELD_INT,         /* int64_t: min..max */
    FIELD_TIME,        /* int64_t: RFC 3339, read as microseconds since the epoch */
    FIELD_NUMBER,      /* double: min..max */
    FIELD_BOOL,        /* bool */
    FIELD_ARGV,        /* const char *: JSON text, an array of at most LIMIT_ARGV_ITEMS texts */
    FIELD_LABELS,      /* const char *: JSON text, an object of at most LIMIT_LABELS texts */
    FIELD_OBJECT,      /* json_t *, borrowed: an object, not looked into */
    FIELD_LIST,        /* json_t *, borrowed: an array of at most `max` items, not looked into */
    FIELD_OBJECT_LIST, /* json_t *, borrowed: an array of at most `max` objects */
};

enum field_flag {
    FIELD_REQUIRED = 1 << 0, /* an absent one is a problem */
    FIELD_NULLABLE = 1 << 1, /* null sets a member to NULL, nil or 0 */
};

/* NULL when `text` is fine, else what it must be: "must be ...". */
typedef const char *field_check(const char *text);

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset; /* of the member */
    int64_t min;
    int64_t max;
    const char *const *choices; /* ends with NULL */
    field_check *check;         /* for texts within their length; may be NULL */
};

/* A reader. Texts it read live as long as it and the JSON do. */
struct fields {
    struct problems problems;
    bool is_partial; /* an update: nothing is required */
    json_t *kept;    /* what was made while reading; private */
};

void fields_init(struct fields *f);
void fields_done(struct fields *f);

/* Takes a reference, dropped by fields_done(). Returns `made`. */
json_t *fields_keep(struct fields *f, json_t *made);

/* `path` stands in front of names in problems: "" at the top, "env_variables[0]." inside. */
void fields_read(struct fields *f, const char *path, json_t *object, const struct field *table,
                 size_t n, void *target);

#endif
