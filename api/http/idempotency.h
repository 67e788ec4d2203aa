/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotency-Key: a request that is sent again, because its answer was lost, makes nothing new.
 */
#ifndef ERRAND_API_IDEMPOTENCY_H
#define ERRAND_API_IDEMPOTENCY_H

#include "http/request.h"

#define IDEMPOTENCY_KEY_MAX 255 /* printable ASCII */

/* `id` is for the object to make: a new one, or the one that the first request with this key got,
 * whether or not it came as far as making it. So whoever makes it must not mind that it exists. */
typedef void idempotency_callback(struct request *rq, struct id id);

/* Go on with the id for this request; answers 400 for a bad key and 409 for one that was used for
 * another request. May go on at once or later; not at all when the claim fails or the client has
 * left. */
void idempotency_claim(struct request *rq, idempotency_callback *go_on);

/* The same in two steps, for what claims its key with what it makes: the key, NULL when the request
 * has none, and what it is asked with. False, and answered 400, for a bad one. */
bool idempotency_read(struct request *rq, const char **ret_key, unsigned char *ret_hash);
/* The id that belongs to a key that was read; `id` when it belongs to nothing yet. */
void idempotency_claim_for(struct request *rq, const char *key, const unsigned char *hash,
                           struct id id, idempotency_callback *go_on);

#endif
