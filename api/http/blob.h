/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that several streams of one thread send: made once, freed after the last has sent them.
 */
#ifndef ERRAND_API_BLOB_H
#define ERRAND_API_BLOB_H

#include <stddef.h>

#include "base/buf.h"

struct blob {
    size_t len;
    const char *bytes;
    /* private */
    char *owned;
    size_t size; /* of `owned` */
    unsigned refs;
};

/* Move the content out of a buffer that is buf_ok(); the buffer is empty after. One reference. */
struct blob *blob_take(struct buf *b);

/* In all blobs of this thread. */
size_t blob_bytes_held(void);

struct blob *blob_ref(struct blob *blob);
void blob_unref(struct blob *blob); /* NULL is fine */

#endif
