/* SPDX-License-Identifier: Apache-2.0 */
#include "placement.h"

#include <inttypes.h>

static size_t count_held(const struct fleet_region *region)
{
    return region->counts[HYPERVISOR_DRAINING] + region->counts[HYPERVISOR_CORDONED];
}

static enum pending_reason why_not(const struct placement_decision *decision,
                                   const struct placement_request *request)
{
    const struct fleet_region *region = decision->region;
    if (region == NULL || (region->ready.n == 0 && count_held(region) == 0))
        return PENDING_NO_HYPERVISOR_IN_REGION;
    if (region->ready.n == 0)
        return PENDING_ALL_DRAINING;
    if (decision->most_cpu_milli < request->cpu_milli)
        return PENDING_INSUFFICIENT_CPU;
    return PENDING_INSUFFICIENT_MEMORY;
}

struct placement_decision placement_choose(const struct fleet *fleet,
                                           const struct placement_request *request)
{
    struct placement_decision decision = {
        .region = fleet_find_region(fleet, request->region),
        .reason = PENDING_QUEUED,
        .most_memory_mb = -1,
        .most_cpu_milli = -1,
    };
    if (decision.region != NULL) {
        const struct free_index *ready = &decision.region->ready;
        decision.hypervisor = free_index_best(ready, request->memory_mb, request->cpu_milli);
        decision.most_memory_mb = free_index_most_memory(ready, request->cpu_milli);
        decision.most_cpu_milli = free_index_most_cpu(ready);
    }
    if (decision.hypervisor == NULL)
        decision.reason = why_not(&decision, request);
    return decision;
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void say_none_in_region(const struct fleet_region *region, char *text)
{
    size_t lost = region == NULL ? 0 : region->counts[HYPERVISOR_LOST];
    if (region == NULL)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES, "the region is gone");
    else if (lost > 0)
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "no hypervisor in region %s is alive, %zu lost", region->slug, lost);
    else
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES, "no hypervisor in region %s", region->slug);
}

char *placement_message(const struct placement_decision *decision,
                        const struct placement_request *request, char *text)
{
    const struct fleet_region *region = decision->region;
    size_t ready = region == NULL ? 0 : region->ready.n;
    size_t held = region == NULL ? 0 : count_held(region);

    text[0] = '\0';
    switch (decision->reason) {
    case PENDING_NO_HYPERVISOR_IN_REGION:
        say_none_in_region(region, text);
        break;
    case PENDING_ALL_DRAINING:
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "%zu hypervisor%s in region %s, all draining or cordoned", held,
                       plural(held), region->slug);
        break;
    case PENDING_INSUFFICIENT_CPU:
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "need %g cores, most on one is %g of %zu hypervisor%s",
                       (double)request->cpu_milli / 1000, (double)decision->most_cpu_milli / 1000,
                       ready, plural(ready));
        break;
    case PENDING_INSUFFICIENT_MEMORY:
        (void)snprintf(text, PLACEMENT_MESSAGE_BYTES,
                       "need %" PRId64 " MB, largest free %" PRId64 " MB on %zu hypervisor%s",
                       request->memory_mb, decision->most_memory_mb, ready, plural(ready));
        break;
    default:
        break;
    }
    return text;
}
