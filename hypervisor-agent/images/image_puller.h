/* SPDX-License-Identifier: Apache-2.0
 *
 * Images on demand, for the event loop: a pull runs in a worker thread; requests for the same image
 * share one; each has its own time limit. All functions and callbacks on the loop's thread.
 */
#ifndef ERRAND_IMAGES_IMAGE_PULLER_H
#define ERRAND_IMAGES_IMAGE_PULLER_H

#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "images/image_cache.h"
#include "images/image_store.h"
#include "images/reference.h"
#include "images/registry.h"
#include "model/reason.h"

struct uv_loop_s;
struct image_puller;
struct image_request;

struct image_puller_options {
    struct uv_loop_s *loop;
    struct layer_store *layers; /* both borrowed for the life of the puller */
    struct image_store *images;
    struct image_cache *cache;   /* borrowed; NULL: nobody makes room */
    struct registry_rules rules; /* borrowed texts */
    const char *engine; /* borrowed; socket of the engine that keeps the images; NULL: here */
};

struct image_puller *image_puller_new(const struct image_puller_options *options);

/* Stops everything under way; no callback comes after it. Worker threads end by themselves: the
 * stores must live on until the loop has run empty. */
void image_puller_free(struct image_puller *puller);

struct image_callbacks {
    /* At most once a second while a pull is under way. */
    void (*on_progress)(void *ctx, int64_t done_bytes, int64_t total_bytes);
    /* Once; the request is gone when it is called. Either `image` (borrowed for the call), or NULL
     * with a reason out of the image_* and registry_* ones and its error. */
    void (*on_done)(void *ctx, const struct image *image, enum termination_reason reason,
                    const struct err *why);
    void *ctx;
};

/* Who wants which image. Copied. */
struct image_wish {
    const struct image_reference *ref;
    const struct registry_login *login; /* NULL: anonymous */
    struct id project;                  /* may use the image from then on */
    uint32_t timeout_s;
    /* With an engine, which has to be asked what is there: */
    bool may_use_local; /* what it has serves, without a word to the registry */
    bool may_pull;
};

/* Pull the image whether or not it is here (what is unchanged costs two small requests). Wishes for
 * the same image with the same login share a pull. The callbacks come later, never from within this
 * call. NULL when out of memory. */
struct image_request *image_puller_request(struct image_puller *puller,
                                           const struct image_wish *wish,
                                           const struct image_callbacks *callbacks);

/* No callback comes after this. A pull that nobody waits for is stopped. */
void image_request_cancel(struct image_request *request);

#endif
