/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of JSON objects in answers; what is unknown becomes null.
 */
#ifndef ERRAND_API_MEMBERS_H
#define ERRAND_API_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

/* NULL is null. */
void member_text(json_t *object, const char *name, const char *text);
/* The nil id is null. */
void member_id(json_t *object, const char *name, struct id id);
void member_int(json_t *object, const char *name, int64_t value);
/* A negative number is null. */
void member_count(json_t *object, const char *name, int64_t value);
void member_bool(json_t *object, const char *name, bool value);
/* 0 is null. */
void member_time(json_t *object, const char *name, int64_t at_us);
/* `nano` billionths, as the shortest number. */
void member_nano(json_t *object, const char *name, int64_t nano);
/* A value that is JSON text already, of our own making; NULL is null. */
void member_json(json_t *object, const char *name, const char *json);
/* Takes `value`. */
void member_value(json_t *object, const char *name, json_t *value);

#endif
