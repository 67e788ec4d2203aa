/* SPDX-License-Identifier: Apache-2.0
 *
 * The unpacked layers on this host, one directory each, named by the digest of the compressed layer
 * and shared by every image that has it. Any thread.
 */
#ifndef ERRAND_IMAGES_LAYER_STORE_H
#define ERRAND_IMAGES_LAYER_STORE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct layer_store;

/* Makes `dir` and removes what an earlier process left half-done in it. `unpacker`: the program
 * that unpacks (layer_unpack.h). Both are copied. */
int layer_store_open(const char *dir, const char *unpacker, struct layer_store **ret_store,
                     struct err *e) MUST_USE;
void layer_store_close(struct layer_store *store);

const char *layer_store_dir(const struct layer_store *store);
const char *layer_store_unpacker(const struct layer_store *store);

/* Where the layer is or will be. Owned; NULL when out of memory. */
char *layer_store_path(const struct layer_store *store, const char *digest);
bool layer_store_has(const struct layer_store *store, const char *digest);

enum layer_claim {
    LAYER_CLAIM_PRESENT,  /* it is there: nothing to do */
    LAYER_CLAIM_MINE,     /* make it, then release it, however that went */
    LAYER_CLAIM_CANCELED, /* `cancel` became true while another thread was making it */
};

/* Waits while another thread has it claimed. ERR_UNAVAILABLE when out of memory. */
int layer_store_claim(struct layer_store *store, const char *digest, const atomic_bool *cancel,
                      enum layer_claim *ret_claim, struct err *e) MUST_USE;
void layer_store_release(struct layer_store *store, const char *digest);

#endif
