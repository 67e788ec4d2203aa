/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON objects of answers that are written at once, without a tree (members.h): for what is
 * answered most. What is unknown becomes null.
 */
#ifndef ERRAND_API_OBJECT_H
#define ERRAND_API_OBJECT_H

#include <jansson.h>

#include "base/buf.h"
#include "base/id.h"

void object_begin(struct buf *b);
/* An object as the member `name` of one; ends as any. */
void object_begin_in(struct buf *b, const char *name);
void object_end(struct buf *b);
/* The end of what is no part of anything else. */
void object_end_all(struct buf *b);

/* An array of objects as the member `name` of one. */
void object_begin_list(struct buf *b, const char *name);
void object_end_list(struct buf *b);

/* NULL is null. The text is UTF-8. */
void object_text(struct buf *b, const char *name, const char *text);
/* The nil id is null. */
void object_id(struct buf *b, const char *name, struct id id);
void object_int(struct buf *b, const char *name, int64_t value);
/* A negative number is null. */
void object_count(struct buf *b, const char *name, int64_t value);
void object_bool(struct buf *b, const char *name, bool value);
/* 0 is null. */
void object_time(struct buf *b, const char *name, int64_t at_us);
/* `nano` billionths, as a decimal fraction. */
void object_nano(struct buf *b, const char *name, int64_t nano);
/* A value that is JSON text already, of our own making, without its blanks; NULL is null. */
void object_json(struct buf *b, const char *name, const char *json);
void object_null(struct buf *b, const char *name);

/* Takes `value`. */
void object_value(struct buf *b, const char *name, json_t *value);

/* The object in `b`, whose end was object_end(), as a tree. */
json_t *object_tree(struct buf *b);

#endif
