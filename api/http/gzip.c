/* SPDX-License-Identifier: Apache-2.0 */
#include "http/gzip.h"

#include <assert.h>
#include <stdlib.h>

#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest, with gzip's header and trailer */
#define MEMORY_LEVEL 8
#define PIECE_BYTES (16u << 10)

struct gzip {
    z_stream z;
};

struct gzip *gzip_new(void)
{
    struct gzip *gzip = calloc(1, sizeof(*gzip));
    if (gzip == NULL)
        return NULL;
    if (deflateInit2(&gzip->z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(gzip);
        return NULL;
    }
    return gzip;
}

void gzip_free(struct gzip *gzip)
{
    if (gzip == NULL)
        return;
    (void)deflateEnd(&gzip->z);
    free(gzip);
}

static void run(struct gzip *gzip, int flush, struct buf *out)
{
    int r;
    do {
        gzip->z.next_out = (unsigned char *)buf_reserve(out, PIECE_BYTES);
        if (gzip->z.next_out == NULL)
            return;
        gzip->z.avail_out = PIECE_BYTES;
        r = deflate(&gzip->z, flush);
        assert(r != Z_STREAM_ERROR);
        buf_advance(out, PIECE_BYTES - gzip->z.avail_out);
    } while (gzip->z.avail_out == 0 && r != Z_STREAM_END);
}

void gzip_put(struct gzip *gzip, const void *bytes, size_t n, struct buf *out)
{
    gzip->z.next_in = bytes;
    gzip->z.avail_in = (unsigned)n;
    run(gzip, Z_NO_FLUSH, out);
}

void gzip_end(struct gzip *gzip, struct buf *out)
{
    gzip->z.next_in = NULL;
    gzip->z.avail_in = 0;
    run(gzip, Z_FINISH, out);
}
