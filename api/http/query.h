/* SPDX-License-Identifier: Apache-2.0
 *
 * A query string as a JSON object, so that it is read by the same tables as a body (fields.h).
 */
#ifndef ERRAND_API_QUERY_H
#define ERRAND_API_QUERY_H

#include <stddef.h>

#include "http/fields.h"

/* Read `n` bytes of "page=2&label=a%3Db" into `target`. What `table` calls FIELD_INT becomes a
 * number; everything else is text. A parameter given twice, or one that does not decode to UTF-8,
 * is a problem; so is one that is not in the table. */
void query_read(struct fields *f, const char *query, size_t n, const struct field *table,
                size_t table_n, void *target);

#endif
