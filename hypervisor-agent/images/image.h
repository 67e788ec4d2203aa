/* SPDX-License-Identifier: Apache-2.0
 *
 * An image that is here: its configuration and the layers its root file system is made of.
 */
#ifndef ERRAND_IMAGES_IMAGE_H
#define ERRAND_IMAGES_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "images/digest.h"
#include "images/image_config.h"

#define IMAGE_RECORD_MAX_BYTES ((size_t)1024 * 1024)

struct image {
    char *reference;                /* owned; as image_reference_format() spells it */
    char digest[DIGEST_TEXT_BYTES]; /* what the reference stood for: of the manifest or index */
    struct image_config config;
    struct text_list layers; /* digests of the compressed layers, lowest first */
    int64_t size_bytes;      /* compressed layers together */
};

/* Owned by the caller: image_free(). */
struct image *image_new(const char *reference, const char *digest);
void image_free(struct image *image);
void image_freep(struct image **image);

/* The same image under another reference. */
int image_copy(const struct image *image, const char *reference, struct image **ret_copy,
               struct err *e) MUST_USE;

/* The record kept on disk: one JSON object. */
void image_put(struct buf *b, const struct image *image);
int image_parse(const char *text, size_t n, struct image **ret_image, struct err *e) MUST_USE;

#endif
