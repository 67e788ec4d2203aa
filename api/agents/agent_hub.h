/* SPDX-License-Identifier: Apache-2.0
 *
 * The hypervisors whose assignment stream this thread holds.
 */
#ifndef ERRAND_API_AGENT_HUB_H
#define ERRAND_API_AGENT_HUB_H

#include "base/id.h"

struct agent_hub;
struct loop;

struct agent_hub *agent_hub_new(struct loop *loop);
void agent_hub_free(struct agent_hub *hub);

/* Look for assignments and stops of this hypervisor, if it is here. The nil id: of all. */
void agent_hub_on_hypervisor(struct agent_hub *hub, struct id hypervisor);

/* The same for its pins. */
void agent_hub_on_warm(struct agent_hub *hub, struct id hypervisor);

/* End every stream; agents come back to another replica. */
void agent_hub_drain(struct agent_hub *hub);

#endif
