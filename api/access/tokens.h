/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/tokens and /v1/hypervisor_tokens: made, shown once, listed, revoked.
 */
#ifndef ERRAND_API_TOKENS_H
#define ERRAND_API_TOKENS_H

#include "http/request.h"

void tokens_list(struct request *rq);
void tokens_create(struct request *rq);
void tokens_delete(struct request *rq);
void join_tokens_list(struct request *rq);
void join_tokens_create(struct request *rq);
void join_tokens_delete(struct request *rq);

#endif
