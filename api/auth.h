/* SPDX-License-Identifier: Apache-2.0
 *
 * From a bearer token to a principal.
 */
#ifndef ERRAND_API_AUTH_H
#define ERRAND_API_AUTH_H

#include "request.h"
#include "route.h"

/* Tokens seen lately by one thread, so that a busy client costs no query a request. */
struct token_cache;

/* How long a deleted user or project token may still work. */
#define AUTH_CACHE_SECONDS 5

struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

/* Find out who asks, fill rq->principal and go on with the route's handler; answers 401 or 403
 * itself. May go on at once or later. */
void auth_then_handle(struct request *rq);

#endif
