/* SPDX-License-Identifier: Apache-2.0
 *
 * One layer on its way to disk: bytes are hashed and passed on to an unpacking process as they
 * come; the layer gets its place only when the digest was right and everything unpacked. Worker
 * threads.
 */
#ifndef ERRAND_IMAGES_LAYER_WRITER_H
#define ERRAND_IMAGES_LAYER_WRITER_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/err.h"
#include "images/layer_store.h"
#include "images/manifest.h"

struct layer_writer;

/* Writes into a temporary directory of `layers`. Arguments are borrowed until the writer is freed.
 */
int layer_writer_open(const struct layer_store *layers, const struct blob *blob,
                      const atomic_bool *cancel, struct layer_writer **ret_writer,
                      struct err *e) MUST_USE;

/* How many bytes were put: where a broken transfer goes on. */
int64_t layer_writer_bytes(const struct layer_writer *w);

/* Errors:  ERR_CONFLICT     more bytes than the manifest says
 *          ERR_INVALID      the unpacker gave up: not a layer
 *          ERR_LIMIT        the disk is full
 *          ERR_UNAVAILABLE  canceled */
int layer_writer_put(struct layer_writer *w, const char *bytes, size_t n, struct err *e) MUST_USE;

/* Check size and digest, wait for the unpacker and give the layer its place at `path`.
 * Errors:  ERR_CONFLICT  another size or digest than the manifest says
 *          ERR_INVALID   not a layer; errno's */
int layer_writer_finish(struct layer_writer *w, const char *path, struct err *e) MUST_USE;

/* Without a finish before: stops the unpacker and removes what it wrote. */
void layer_writer_free(struct layer_writer *w);
void layer_writer_freep(struct layer_writer **w);

#endif
