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
 * until the next image_store_add() or image_store_remove(). */
const struct image *image_store_find(const struct image_store *store, const char *reference);

/* Take over `image` and write its record; one of the same reference is replaced, and when that had
 * the same digest, whom it was open to is kept. On failure the image is freed. */
int image_store_add(struct image_store *store, struct image *image, struct err *e) MUST_USE;

/* Note that the image with `digest` is used now, under each of its references. */
void image_store_touch(struct image_store *store, const char *digest);

size_t image_store_count(const struct image_store *store);

/* The image at 0..count-1, in no order. Borrowed as above. */
const struct image *image_store_at(const struct image_store *store, size_t i);

/* Forget the image at `i`; its layers stay. Others may move to another place. */
int image_store_remove(struct image_store *store, size_t i, struct err *e) MUST_USE;

#endif
