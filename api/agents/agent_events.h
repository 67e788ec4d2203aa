/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/events: what happened on a hypervisor, each event answered for itself.
 */
#ifndef ERRAND_API_AGENT_EVENTS_H
#define ERRAND_API_AGENT_EVENTS_H

#include "http/request.h"

void agent_events(struct request *rq);

#endif
