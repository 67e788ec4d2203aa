/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of a read, framed once for every stream that stands at the same line.
 */
#ifndef ERRAND_API_FRAMED_LINES_H
#define ERRAND_API_FRAMED_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#include "http/blob.h"
#include "logs/log_reader.h"

struct framed_lines {
    bool is_made;
    int64_t after_id;  /* the lines after this one ... */
    int64_t last_id;   /* ... up to this one; the same when there are none */
    bool batch;        /* many lines an event */
    struct blob *blob; /* NULL for no lines */
};

/* Frame what the source has after `after_id`, up to about half a MiB. Does nothing when `f`
 * holds just that. Begin with a zeroed `f`. */
int framed_lines_make(struct framed_lines *f, const struct log_source *source, int64_t after_id,
                      bool batch, struct err *e) MUST_USE;
void framed_lines_done(struct framed_lines *f);

#endif
