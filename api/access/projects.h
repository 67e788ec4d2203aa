/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/projects: what everything else belongs to, and its quotas.
 */
#ifndef ERRAND_API_PROJECTS_H
#define ERRAND_API_PROJECTS_H

#include "http/request.h"

void projects_list(struct request *rq);
void projects_create(struct request *rq);
void projects_get(struct request *rq);
void projects_update(struct request *rq);
void projects_delete(struct request *rq);

#endif
