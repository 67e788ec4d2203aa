/* SPDX-License-Identifier: Apache-2.0
 *
 * An image that is here: its configuration and the layers its root file system is made of.
 */
#ifndef ERRAND_IMAGES_IMAGE_H
#define ERRAND_IMAGES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "images/digest.h"
#include "images/image_config.h"

#define IMAGE_RECORD_MAX_BYTES ((size_t)1024 * 1024)

struct image {
    char *reference;                /* owned; as image_reference_format() spells it */
    char digest[DIGEST_TEXT_BYTES]; /* what the reference stood for: of the manifest or index */
    struct image_config config;
    struct text_list layers; /* digests of the compressed layers, lowest first */
    char *engine_id;         /* owned; when an engine keeps it instead; in no record */
    int64_t size_bytes;      /* compressed layers together */

    /* Who may use it without asking its registry again: everybody, or the projects that got it with
     * credentials of theirs. */
    bool is_public;
    struct text_list projects;

    int64_t used_at_us; /* UTC; in the record's time of modification */
};

/* The most projects that are remembered; others ask the registry each time. */
#define IMAGE_PROJECTS_MAX 64

/* Owned by the caller: image_free(). */
struct image *image_new(const char *reference, const char *digest);
void image_free(struct image *image);
void image_freep(struct image **image);

bool image_is_open_to(const struct image *image, struct id project);

/* Remember that `project` got it, with credentials (`is_private`) or as everybody can. */
int image_open_to(struct image *image, struct id project, bool is_private, struct err *e) MUST_USE;

/* `image` is open to whom `other`, another record of the same bytes, is open to. */
int image_open_as(struct image *image, const struct image *other, struct err *e) MUST_USE;

/* The same image under another reference. */
int image_copy(const struct image *image, const char *reference, struct image **ret_copy,
               struct err *e) MUST_USE;

/* The record kept on disk: one JSON object. */
void image_put(struct buf *b, const struct image *image);
int image_parse(const char *text, size_t n, struct image **ret_image, struct err *e) MUST_USE;

#endif
