/* SPDX-License-Identifier: Apache-2.0 */
#include "http/blob.h"

#include <assert.h>

#include <h2o.h>

/* of this thread, on which its blobs are made and freed */
static _Thread_local size_t held;

size_t blob_bytes_held(void)
{
    return held;
}

struct blob *blob_take(struct buf *b)
{
    assert(buf_ok(b));
    struct blob *blob = h2o_mem_alloc(sizeof(*blob));
    *blob = (struct blob){.len = b->len, .size = b->cap, .refs = 1};
    held += blob->size;
    blob->owned = TAKE_PTR(b->data);
    blob->bytes = blob->owned;
    buf_done(b);
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    blob->refs++;
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (blob == NULL || --blob->refs > 0)
        return;
    held -= blob->size;
    free(blob->owned);
    free(blob);
}
