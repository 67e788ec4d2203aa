/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/agent_assignments.h"

#include "agents/agent_link.h"

void agent_assignments(struct request *rq)
{
    agent_link_open(rq->loop->agents, rq);
}
