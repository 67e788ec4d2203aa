/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/session: log-in with a cookie for browsers, and who one is.
 */
#ifndef ERRAND_API_SESSION_H
#define ERRAND_API_SESSION_H

#include "http/request.h"

void session_get(struct request *rq);
void session_create(struct request *rq);

/* Sign a browser in with the token of this request: it comes back as a cookie. */
void session_keep(struct request *rq);

/* End a session; of a token that came as a cookie only the cookie. */
void session_delete(struct request *rq);

#endif
