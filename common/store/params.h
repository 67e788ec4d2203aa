/* SPDX-License-Identifier: Apache-2.0
 *
 * The parameters of one statement, copied as they are added, so that a statement can be sent later
 * and sent again. Order is the order of $1, $2, ...
 */
#ifndef ERRAND_STORE_PARAMS_H
#define ERRAND_STORE_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"

#define PARAMS_MAX 48

struct params {
    int n;
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];  /* 0 text, 1 binary */
    long offsets[PARAMS_MAX]; /* into `bytes`; -1 is NULL */
    struct buf bytes;
};

/* An element of a bytea[]. */
struct params_bytes {
    const void *bytes;
    size_t n;
};

/* `max_bytes` bounds the copied values. A value over it makes the statement fail, not the program.
 */
void params_init(struct params *p, size_t max_bytes);
void params_done(struct params *p);

void params_add_null(struct params *p);
void params_add_id(struct params *p, struct id id);
void params_add_id_or_null(struct params *p, struct id id); /* NULL for the nil id */
void params_add_i64(struct params *p, int64_t value);
void params_add_bool(struct params *p, bool value);
/* Microseconds since the epoch as a timestamptz. */
void params_add_time(struct params *p, int64_t at_us);
void params_add_time_or_null(struct params *p, int64_t at_us); /* NULL for 0 */
/* NULL becomes NULL. */
void params_add_text(struct params *p, const char *text);
void params_add_bytes(struct params *p, const void *bytes, size_t n);
/* A text[]; items must be valid UTF-8 without NUL. */
void params_add_text_array(struct params *p, const char *const *items, size_t n);

/* A uuid[], bigint[], timestamptz[], bytea[] or text[] out of one member of an array of structs:
 * `n` values, each `stride` bytes after the one before. */
void params_add_id_column(struct params *p, const struct id *first, size_t n, size_t stride);
void params_add_i64_column(struct params *p, const int64_t *first, size_t n, size_t stride);
void params_add_time_column(struct params *p, const int64_t *first_us, size_t n, size_t stride);
void params_add_bytes_column(struct params *p, const struct params_bytes *first, size_t n,
                             size_t stride);

/* NULL becomes NULL. */
void params_add_text_column(struct params *p, const char *const *first, size_t n, size_t stride);

/* False when a value did not fit. */
bool params_ok(const struct params *p);

/* Pointers for libpq, valid until the next params_ call; `ret_values` has PARAMS_MAX entries. */
void params_pointers(const struct params *p, const char **ret_values);

#endif
