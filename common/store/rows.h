/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows a statement answered, read cell by cell. Results travel in PostgreSQL's binary format;
 * what a cell holds is known by the statement that asked for it, so a wrong type or width is a bug
 * of ours and asserts. jsonb columns are selected as `column::text`.
 */
#ifndef ERRAND_STORE_ROWS_H
#define ERRAND_STORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

struct rows; /* a PGresult, seen only by the files that talk to libpq */

int rows_count(const struct rows *rows);

/* How many rows an INSERT, UPDATE or DELETE touched. */
int64_t rows_affected(const struct rows *rows);

bool row_is_null(const struct rows *rows, int row, int column);

/* int2, int4 or int8; NULL reads as `if_null`. */
int64_t row_i64(const struct rows *rows, int row, int column, int64_t if_null);
bool row_bool(const struct rows *rows, int row, int column);
struct id row_id(const struct rows *rows, int row, int column); /* NULL reads as the nil id */
/* Microseconds since the epoch; NULL reads as 0. */
int64_t row_time_us(const struct rows *rows, int row, int column);
/* text, NUL-terminated, borrowed until the rows are freed; NULL for NULL. */
const char *row_text(const struct rows *rows, int row, int column);
/* bytea, borrowed; `*ret_n` is 0 for NULL. */
const void *row_bytes(const struct rows *rows, int row, int column, size_t *ret_n);
/* text[]: an owned array of `*ret_n` pointers in one block with the strings; free() it. NULL when
 * out of memory; NULL and 0 for an empty array. */
char **row_text_array(const struct rows *rows, int row, int column, size_t *ret_n);

#endif
