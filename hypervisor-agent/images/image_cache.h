/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps images from filling the disk: when less than twice the floor is free, or the layers take
 * more than the ceiling, images are forgotten, the one unused for longest first, and layers that no
 * image needs any more are deleted. What is needed is never forgotten. On the loop's thread; files
 * are deleted in a worker thread.
 *
 * A crash at any moment leaves either a whole image or none: the record goes first, then the layer
 * leaves its name, then its files go; the next start deletes what has no name (layer_store_open())
 * and forgets what lacks a layer (image_store_open()).
 */
#ifndef ERRAND_IMAGES_IMAGE_CACHE_H
#define ERRAND_IMAGES_IMAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "images/image_store.h"
#include "images/layer_store.h"

struct uv_loop_s;
struct image_cache;

struct image_cache_options {
    struct uv_loop_s *loop;
    struct layer_store *layers; /* both borrowed for the life of the cache */
    struct image_store *images;
    int64_t floor_bytes; /* of the disk that pulls leave free */
    int64_t max_bytes;   /* of layers; 0 = no ceiling */
    /* A run or a pin needs this image. */
    bool (*is_needed)(void *ctx, const struct image *image);
    void *ctx;
};

/* Looks once a minute. NULL when out of memory. */
struct image_cache *image_cache_new(const struct image_cache_options *options);
void image_cache_free(struct image_cache *cache);

/* Look now. */
void image_cache_look(struct image_cache *cache);

/* Make room for `bytes` more than what always stays free. `on_room` comes later, once, whether or
 * not there was anything to forget, from image_cache_free() at the latest. False when out of
 * memory. */
bool image_cache_make_room(struct image_cache *cache, int64_t bytes, void (*on_room)(void *ctx),
                           void *ctx);

#endif
