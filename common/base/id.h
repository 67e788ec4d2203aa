/* SPDX-License-Identifier: Apache-2.0
 *
 * UUIDs. Ours are version 7, so that they sort by the time they were made.
 * Source: RFC 9562, sections 5.7 and 6.2 (method 1: monotonic counter within a millisecond).
 */
#ifndef ERRAND_BASE_ID_H
#define ERRAND_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ID_TEXT_BYTES 37 /* 36 characters and NUL */

struct id {
    uint8_t bytes[16]; /* network order */
};

/* A new version 7 UUID; within one thread each is greater than the one before. */
struct id id_new(void);

/* Lower case with hyphens; `text` has ID_TEXT_BYTES. Returns `text`. */
char *id_format(struct id id, char *text);

/* Exactly 36 characters, either case, any version. `text` need not end in NUL. */
int id_parse(const char *text, size_t n, struct id *ret_id, struct err *e) MUST_USE;

bool id_equal(struct id a, struct id b);
bool id_is_nil(struct id id);

/* For `%s`: the text lives until the end of the enclosing block. */
#define ID_TEXT(id) id_format((id), (char[ID_TEXT_BYTES]){0})

#endif
