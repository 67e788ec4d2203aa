/* SPDX-License-Identifier: Apache-2.0
 *
 * The images that are here, by reference: records on disk, all of them in memory too, so that
 * looking one up costs no I/O. One thread.
 */
#ifndef ERRAND_IMAGES_IMAGE_STORE_H
#define ERRAND_IMAGES_IMAGE_STORE_H

#include <stddef.h>

#include "base/err.h"
#include "images/image.h"
#include "images/layer_store.h"

struct image_store;

/* Reads the records in `dir` (made when missing); one that is broken or lacks a layer is removed.
 * `layers` is borrowed for the life of the store. */
int image_store_open(const char *dir, const struct layer_store *layers,
                     struct image_store **ret_store, struct err *e) MUST_USE;
void image_store_close(struct image_store *store);

/* The image `reference` (as image_reference_format() spells it) stands for here, or NULL. Borrowed
 * until the next image_store_add(). */
const struct image *image_store_find(const struct image_store *store, const char *reference);

/* Take over `image` and write its record; one of the same reference is replaced. On failure the
 * image is freed. */
int image_store_add(struct image_store *store, struct image *image, struct err *e) MUST_USE;

size_t image_store_count(const struct image_store *store);

#endif
