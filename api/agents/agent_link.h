/* SPDX-License-Identifier: Apache-2.0
 *
 * The assignment stream of one hypervisor: after each wake-up it says what is new.
 */
#ifndef ERRAND_API_AGENT_LINK_H
#define ERRAND_API_AGENT_LINK_H

#include "http/blob.h"
#include "http/request.h"
#include "http/watch.h"

/* What the links of a thread share; agent_hub.c owns it. */
struct agent_hub {
    struct loop *loop;
    struct watch_table *links; /* by hypervisor */
    h2o_timeout_t beat;
    h2o_timeout_t retry; /* after a read that failed */
    h2o_timeout_entry_t retry_entry;
    struct blob *ping;
};

/* Answer `rq` with the stream of the hypervisor that asks; one it has here so far ends. */
void agent_link_open(struct agent_hub *hub, struct request *rq);

/* For watch_each(): the pins of its hypervisor may be others. */
void agent_link_look_at_pins(struct watch *watch);

/* For watch_each(): end the stream. */
void agent_link_drain(struct watch *watch);

#endif
