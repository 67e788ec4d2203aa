/* SPDX-License-Identifier: Apache-2.0
 *
 * Text to numbers: the whole string, a range, and an error that names the field.
 */
#ifndef ERRAND_BASE_PARSE_H
#define ERRAND_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A decimal integer in min..max. ERR_INVALID: "<field> must be an integer between 1 and 10". */
int parse_i64(const char *text, int64_t min, int64_t max, const char *field, int64_t *ret_value,
              struct err *e) MUST_USE;

/* The same for `n` bytes that need not end in NUL. */
int parse_i64_n(const char *text, size_t n, int64_t min, int64_t max, const char *field,
                int64_t *ret_value, struct err *e) MUST_USE;

/* "true|false|1|0|yes|no|on|off". */
int parse_bool(const char *text, const char *field, bool *ret_value, struct err *e) MUST_USE;

/* A byte count with an optional suffix K, M, G or T (powers of 1024): "512M". */
int parse_bytes(const char *text, int64_t min, int64_t max, const char *field, int64_t *ret_bytes,
                struct err *e) MUST_USE;

/* Standard base64, padded. On success `*ret_bytes` (owned, free it) has `*ret_n` bytes. */
int parse_base64(const char *text, size_t n, const char *field, unsigned char **ret_bytes,
                 size_t *ret_n, struct err *e) MUST_USE;

#endif
