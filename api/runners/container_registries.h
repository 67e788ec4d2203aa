/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/container_registries: where a project's images come from.
 */
#ifndef ERRAND_API_CONTAINER_REGISTRIES_H
#define ERRAND_API_CONTAINER_REGISTRIES_H

#include "http/request.h"

void container_registries_list(struct request *rq);
void container_registries_create(struct request *rq);
void container_registries_get(struct request *rq);
void container_registries_update(struct request *rq);
void container_registries_delete(struct request *rq);

#endif
