/* SPDX-License-Identifier: Apache-2.0
 *
 * A gzip stream made piece by piece, for responses whose length nobody knows (RFC 1952).
 */
#ifndef ERRAND_API_GZIP_H
#define ERRAND_API_GZIP_H

#include <stddef.h>

#include "base/buf.h"

struct gzip;

/* NULL when out of memory; about 270 KB. */
struct gzip *gzip_new(void);
void gzip_free(struct gzip *gzip);

/* Take `n` bytes; what they have become so far, perhaps nothing, is appended to `out`. */
void gzip_put(struct gzip *gzip, const void *bytes, size_t n, struct buf *out);

/* Append what is left, and the end. */
void gzip_end(struct gzip *gzip, struct buf *out);

#endif
