/* SPDX-License-Identifier: Apache-2.0
 *
 * The unpacked layers on this host, one directory each, named by the digest of the compressed layer
 * and shared by every image that has it. Any thread.
 *
 * Who needs a layer that no image record names yet holds it: a held layer is never collected.
 */
#ifndef ERRAND_IMAGES_LAYER_STORE_H
#define ERRAND_IMAGES_LAYER_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct layer_store;

/* What one layer may be. */
struct layer_limits {
    int64_t max_bytes;   /* unpacked */
    int64_t floor_bytes; /* of the disk that stay free */
};

struct layer_store_options {
    const char *dir;
    const char *unpacker; /* the program that unpacks (layer_unpack.h) */
    struct layer_limits limits;
};

/* Makes the directory and removes what an earlier process left half-done in it. Texts are copied.
 */
int layer_store_open(const struct layer_store_options *options, struct layer_store **ret_store,
                     struct err *e) MUST_USE;
void layer_store_close(struct layer_store *store);

const char *layer_store_dir(const struct layer_store *store);
const char *layer_store_unpacker(const struct layer_store *store);
const struct layer_limits *layer_store_limits(const struct layer_store *store);

/* Where the layer is or will be. Owned; NULL when out of memory. */
char *layer_store_path(const struct layer_store *store, const char *digest);
bool layer_store_has(const struct layer_store *store, const char *digest);

/* Bytes the layer takes on the disk; 0 when unknown. */
int64_t layer_store_bytes(const struct layer_store *store, const char *digest);

enum layer_claim {
    LAYER_CLAIM_PRESENT,  /* it is there, and held: drop it when an image record names it */
    LAYER_CLAIM_MINE,     /* make it, then settle it, however that went */
    LAYER_CLAIM_CANCELED, /* `cancel` became true while another thread was making it */
};

/* Waits while another thread makes it. ERR_UNAVAILABLE when out of memory. */
int layer_store_claim(struct layer_store *store, const char *digest, const atomic_bool *cancel,
                      enum layer_claim *ret_claim, struct err *e) MUST_USE;

/* The end of LAYER_CLAIM_MINE; a layer that was made is held as one that was present. */
void layer_store_settle(struct layer_store *store, const char *digest, bool is_made);

/* Give up one hold. */
void layer_store_drop(struct layer_store *store, const char *digest);

/* Take a layer out of the store unless somebody makes or holds it. What is left to delete is a
 * directory whose path the caller owns; NULL when nothing is. */
char *layer_store_take_out(struct layer_store *store, const char *digest);

/* Call `visit` with the digest of each layer that is there. */
int layer_store_each(const struct layer_store *store, void (*visit)(void *ctx, const char *digest),
                     void *ctx, struct err *e) MUST_USE;

#endif
