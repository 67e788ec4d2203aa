/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/members: who may do what in a project.
 */
#ifndef ERRAND_API_PROJECT_MEMBERS_H
#define ERRAND_API_PROJECT_MEMBERS_H

#include "http/request.h"

void project_members_list(struct request *rq);
void project_members_add(struct request *rq);
void project_members_update(struct request *rq);
void project_members_remove(struct request *rq);

#endif
