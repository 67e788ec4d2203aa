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
    atomic_bool cancel;      /* set by the waiting thread: stop soon */
    atomic_llong done_bytes; /* of compressed layers */
    atomic_llong total_bytes;
};

struct image_pull {
    struct image_reference ref; /* owned */
    const char *insecure_hosts; /* see registry_new() */
    struct registry_credentials credentials;
    struct layer_store *layers;
    struct image_pull_watch watch;
};

/* Out:     ret_image  by reference as asked; image_free() it
 * Errors:  ERR_NOT_FOUND        no such image, or none for this machine
 *          ERR_UNAUTHENTICATED, ERR_DENIED  the registry refuses
 *          every other code     it could not be pulled
 */
int image_pull_run(struct image_pull *pull, struct image **ret_image, struct err *e) MUST_USE;

#endif
