/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /agent/v1/assignments: the stream that tells a hypervisor what to run and what to stop.
 */
#ifndef ERRAND_API_AGENT_ASSIGNMENTS_H
#define ERRAND_API_AGENT_ASSIGNMENTS_H

#include "http/request.h"

void agent_assignments(struct request *rq);

#endif
