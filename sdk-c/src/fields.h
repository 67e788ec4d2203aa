/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an object the server sent: a missing field, or one of another type, is its default.
 */
#ifndef ERRAND_SDK_FIELDS_H
#define ERRAND_SDK_FIELDS_H

#include <stdint.h>

#include <jansson.h>

/* How objects become text again: a price of 2.628 stays one, and is not 2.6280000000000001. */
#define ERRAND_JSON_TEXT (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* Borrowed from `object`; "" by default. */
const char *errand_field_text(const json_t *object, const char *name);

int64_t errand_field_integer(const json_t *object, const char *name, int64_t fallback);

/* Item `i` of an array of texts; "" by default. */
const char *errand_field_item(const json_t *object, const char *name, size_t i);
size_t errand_field_count(const json_t *object, const char *name);

/* Set a text, when there is one. -1 when out of memory or `value` is not UTF-8. */
int errand_field_set_text(json_t *object, const char *name, const char *value);
int errand_field_set_texts(json_t *object, const char *name, const char *const *values, size_t n);

#endif
