/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/users.
 */
#ifndef ERRAND_API_USERS_H
#define ERRAND_API_USERS_H

#include "http/request.h"

void users_list(struct request *rq);
void users_create(struct request *rq);
void users_get(struct request *rq);
void users_update(struct request *rq);
void users_delete(struct request *rq);

#endif
