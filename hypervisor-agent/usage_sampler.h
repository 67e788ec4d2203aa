/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at what running containers use, and tells the API: every few seconds while a run is young,
 * then at a sixtieth of its age, so that a run of a day is told some 400 times. A sample that the
 * API does not take in time is replaced by the next.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_USAGE_SAMPLER_H
#define ERRAND_HYPERVISOR_AGENT_USAGE_SAMPLER_H

#include "base/err.h"
#include "event_outbox.h"
#include "run_table.h"

struct uv_loop_s;
struct usage_sampler;

/* All borrowed for the life of the sampler. */
struct usage_sampler_parts {
    struct uv_loop_s *loop;
    const struct run_table *runs;
    struct event_outbox *outbox;
    const char *cgroup_parent; /* of the runs' groups */
    uint32_t interval_seconds; /* the shortest */
};

int usage_sampler_new(const struct usage_sampler_parts *parts, struct usage_sampler **ret_sampler,
                      struct err *e) MUST_USE;
void usage_sampler_free(struct usage_sampler *sampler);

void usage_sampler_start(struct usage_sampler *sampler);

#endif
