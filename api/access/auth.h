/* SPDX-License-Identifier: Apache-2.0
 *
 * From a bearer token, or a session's cookie, to a principal.
 */
#ifndef ERRAND_API_AUTH_H
#define ERRAND_API_AUTH_H

#include "http/request.h"
#include "http/route.h"

/* Tokens seen lately by one thread, so that a busy client costs no query a request. */
struct token_cache;

/* How long what was found about a token is believed. It ends at once when a token, user or member
 * is changed or deleted: in this process before the answer to that goes out (auth_forget_all), in
 * others when PostgreSQL's notification comes. Who cannot hear those believes nothing. */
#define AUTH_CACHE_SECONDS 5

#define SESSION_COOKIE "errand_session"
/* What a request with the cookie must carry unless it only reads: a page of another site cannot
 * send it without asking first, and is never told yes. */
#define SESSION_HEADER "x-errand-session"

struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

/* Find out who asks, fill rq->principal and go on with the route's handler; answers 401, 403, 404
 * or 429 itself. May go on at once or later. */
void auth_then_handle(struct request *rq);

/* The text of the token that a request brings, in place and not yet looked at; false without one.
 */
bool auth_token_of(h2o_req_t *req, h2o_iovec_t *ret_token, bool *ret_is_cookie);

/* After a token, user or member was changed or deleted: no loop believes what it knew. */
void auth_forget_all(struct loop *loop);

#endif
