/* SPDX-License-Identifier: Apache-2.0
 *
 * The agent: its parts, put together. Data flows one way: assignments and wake-ups go to the
 * supervisor, reports to the outbox, lines to the shipper.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_AGENT_H
#define ERRAND_HYPERVISOR_AGENT_AGENT_H

#include "agent_config.h"
#include "base/err.h"

struct uv_loop_s;
struct agent;

/* Prepare the data dir, adopt what is in it, and start to enroll or to work. `config` is borrowed.
 * Errors:  ERR_CONFLICT  another agent uses the data dir; else see the parts */
int agent_start(struct uv_loop_s *loop, const struct agent_config *config, struct agent **ret_agent,
                struct err *e) MUST_USE;

/* Take nothing new, give what is on its way a moment to arrive, stop the loop. Shims live on. */
void agent_drain(struct agent *agent);

/* 0, or 1 when it stopped because the API refuses this hypervisor. */
int agent_exit_status(const struct agent *agent);

void agent_free(struct agent *agent);

#endif
