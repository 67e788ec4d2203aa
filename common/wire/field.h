/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a JSON object, read from a parsed document and written into a buffer.
 *
 * Readers check presence, type and range, and answer ERR_INVALID with a message that names the
 * member. Texts they return are borrowed from the document. Writers put `"key":value` with the
 * comma the buffer's last byte asks for, so an object is: add '{', put members, add '}'.
 */
#ifndef ERRAND_WIRE_FIELD_H
#define ERRAND_WIRE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

/* Parse one JSON object of `n` bytes. Free it with field_doc_free(). */
int field_doc_parse(const char *text, size_t n, struct json_t **ret_doc, struct err *e) MUST_USE;
void field_doc_free(struct json_t *doc);

/* `field_doc_free` for CLEANUP(). */
void field_doc_freep(struct json_t **doc);

int field_get_text(const struct json_t *object, const char *key, const char **ret_text,
                   struct err *e) MUST_USE;

/* NULL when the member is null or absent. */
int field_get_text_or_null(const struct json_t *object, const char *key, const char **ret_text,
                           struct err *e) MUST_USE;

/* A text out of the closed set `choices`, which ends in NULL; answers its position there. */
int field_get_choice(const struct json_t *object, const char *key, const char *const *choices,
                     size_t *ret_index, struct err *e) MUST_USE;

int field_get_i64(const struct json_t *object, const char *key, int64_t min, int64_t max,
                  int64_t *ret_value, struct err *e) MUST_USE;

/* The same within 0..`max`. */
int field_get_u32(const struct json_t *object, const char *key, uint32_t max, uint32_t *ret_value,
                  struct err *e) MUST_USE;

/* Any JSON number of at least `min`. */
int field_get_number(const struct json_t *object, const char *key, double min, double *ret_value,
                     struct err *e) MUST_USE;

int field_get_bool(const struct json_t *object, const char *key, bool *ret_value,
                   struct err *e) MUST_USE;
int field_get_id(const struct json_t *object, const char *key, struct id *ret_id,
                 struct err *e) MUST_USE;

/* RFC 3339 text, as microseconds since the epoch. */
int field_get_time(const struct json_t *object, const char *key, int64_t *ret_at_us,
                   struct err *e) MUST_USE;

/* A borrowed JSON array or object. */
int field_get_array(const struct json_t *object, const char *key, struct json_t **ret_array,
                    struct err *e) MUST_USE;
int field_get_object(const struct json_t *object, const char *key, struct json_t **ret_object,
                     struct err *e) MUST_USE;

/* An array of texts, or NULL when null or absent. The array is owned (free it), its `*ret_n`
 * elements are borrowed, one NULL follows them. */
int field_get_texts_or_null(const struct json_t *object, const char *key, const char ***ret_texts,
                            size_t *ret_n, struct err *e) MUST_USE;

void field_put_key(struct buf *b, const char *key);

/* `text` is valid UTF-8; NULL writes null. */
void field_put_text(struct buf *b, const char *key, const char *text);
void field_put_i64(struct buf *b, const char *key, int64_t value);
void field_put_number(struct buf *b, const char *key, double value);
void field_put_bool(struct buf *b, const char *key, bool value);
void field_put_id(struct buf *b, const char *key, struct id id);
void field_put_time(struct buf *b, const char *key, int64_t at_us);

/* NULL `texts` writes null. */
void field_put_texts(struct buf *b, const char *key, const char *const *texts, size_t n);

/* A comma, when an element of an array comes after another. */
void field_put_separator(struct buf *b);

#endif
