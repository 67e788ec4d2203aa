/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotency keys: which object a key made, so that a request sent twice makes it once.
 */
#ifndef ERRAND_STORE_IDEMPOTENCY_STORE_H
#define ERRAND_STORE_IDEMPOTENCY_STORE_H

#include <stdbool.h>

#include "base/id.h"
#include "store/db.h"

#define IDEMPOTENCY_STORE_HASH_BYTES 32
#define IDEMPOTENCY_STORE_HOURS "24" /* a key is forgotten afterwards */
/* Of idempotency_keys k. */
#define IDEMPOTENCY_STORE_TOO_OLD                                                                  \
    "k.created_at < now() - interval '" IDEMPOTENCY_STORE_HOURS " hours'"

/* One row: the object that the key stands for. */
struct idempotency_claim {
    struct id object; /* the one offered, or the one of the first request with this key */
    bool is_new;
    bool is_same; /* the same request as the first */
};

extern const struct statement idempotency_store_claim;
/* `hash` is of all that makes a request another one. */
void idempotency_store_claim_params(struct params *p, struct id project, const char *key,
                                    const unsigned char *hash, struct id object);
void idempotency_store_read(const struct rows *rows, struct idempotency_claim *ret_claim);

/* Forget some of what is too old; the rows affected are fewer than $1 when nothing is left. */
extern const struct statement idempotency_store_forget;

#endif
