/* SPDX-License-Identifier: Apache-2.0
 *
 * Birth of a request, for the router, and its answer, for reply.c and stream.c.
 */
#ifndef ERRAND_API_REQUEST_BEGIN_H
#define ERRAND_API_REQUEST_BEGIN_H

#include "http/request.h"

/* A request tied to h2o's; released by itself when h2o frees that. */
struct request *request_begin(h2o_req_t *req);

/* It is being answered: count it, and how long it took unless it `goes_on`. */
void request_count_answer(const struct request *rq, int status, bool goes_on);

#endif
