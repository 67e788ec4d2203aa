/* SPDX-License-Identifier: Apache-2.0
 *
 * Bring one image here: resolve the reference, verify, fetch and unpack the layers that are
 * missing. Blocks; for a worker thread. Transient failures are tried again a few times.
 */
#ifndef ERRAND_IMAGES_IMAGE_PULL_H
#define ERRAND_IMAGES_IMAGE_PULL_H

#include <stdatomic.h>

#include "base/err.h"
#include "images/image.h"
#include "images/layer_store.h"
#include "images/reference.h"
#include "images/registry.h"

/* Shared between the worker and the thread that waits for it. */
struct image_pull_watch {
    atomic_bool cancel;      /* set by the waiting thread, or when one layer failed: stop soon */
    atomic_llong done_bytes; /* of compressed layers */
    atomic_llong total_bytes;
};

struct image_pull {
    struct image_reference ref;  /* owned */
    struct registry_rules rules; /* borrowed texts */
    struct registry_login login; /* owned */
    struct layer_store *layers;
    const char *engine; /* borrowed; socket of the engine that keeps the images, or NULL */
    bool may_use_local; /* of an engine: without asking the registry */
    bool may_pull;      /* of an engine */
    struct image_pull_watch watch;
};

/* Out:     ret_image  by reference as asked; image_free() it. Its layers are held: see
 *                     image_pull_drop_layers()
 *          ret_is_private  credentials were sent to get it
 * Errors:  ERR_NOT_FOUND        no such image, or none for this machine
 *          ERR_UNAUTHENTICATED, ERR_DENIED  the registry refuses
 *          ERR_LIMIT            the disk is full
 *          every other code     it could not be pulled
 */
int image_pull_run(struct image_pull *pull, struct image **ret_image, bool *ret_is_private,
                   struct err *e) MUST_USE;

/* Once the image's record is kept, or given up. */
void image_pull_drop_layers(const struct image_pull *pull, const struct image *image);

void image_pull_done(struct image_pull *pull);

#endif
