/* SPDX-License-Identifier: Apache-2.0
 *
 * What an engine says while it pulls: one JSON object a line, several for each layer. Pure.
 * Source: Docker Engine API, "Create an image"
 */
#ifndef ERRAND_ENGINE_PULL_PROGRESS_H
#define ERRAND_ENGINE_PULL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define PULL_LAYERS_MAX 128
#define PULL_LAYER_NAME_BYTES 80
#define PULL_LINE_MAX_BYTES ((size_t)64 * 1024)

struct pull_progress {
    struct {
        char name[PULL_LAYER_NAME_BYTES];
        int64_t done_bytes;
        int64_t total_bytes;
    } layers[PULL_LAYERS_MAX];
    size_t layers_n;
    struct buf line;    /* begun and not ended */
    struct err failure; /* what the engine gave up with, when code is set */
};

void pull_progress_init(struct pull_progress *progress);
void pull_progress_done(struct pull_progress *progress);

/* Take the next bytes. Lines that are not understood are passed over. ERR_LIMIT: a line is too
 * long.
 */
int pull_progress_take(struct pull_progress *progress, const char *bytes, size_t n,
                       struct err *e) MUST_USE;

/* Of all layers whose size is known. */
void pull_progress_sum(const struct pull_progress *progress, int64_t *ret_done_bytes,
                       int64_t *ret_total_bytes);

/* What an engine's words about a pull that failed mean: ERR_NOT_FOUND, ERR_UNAUTHENTICATED, or
 * ERR_INTERNAL for all else. */
enum err_code pull_progress_code_of(const char *words);

#endif
