/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a run goes, and if nowhere, why. Pure: looks at the fleet, changes nothing, does no I/O,
 * costs O(log n) in the hypervisors of the region.
 *
 * The rule: among the ready hypervisors of the run's region that have at least its cores, the one
 * whose free memory is the least that still holds it; of equals the lowest id. Memory is never
 * given out twice, cores are shared.
 * Source: docs/scheduling.md "Placement"
 */
#ifndef ERRAND_SCHEDULER_PLACEMENT_H
#define ERRAND_SCHEDULER_PLACEMENT_H

#include "model/reason.h"

#include "fleet.h"

struct placement_request {
    struct id region;
    int64_t memory_mb;
    int64_t cpu_milli;
};

struct placement_decision {
    struct hypervisor *hypervisor; /* NULL: nowhere now, for `reason` */
    enum pending_reason reason;
    const struct fleet_region *region; /* NULL: unknown */
    int64_t most_memory_mb;            /* free on one hypervisor that has the cores */
    int64_t most_cpu_milli;            /* of one ready hypervisor */
};

struct placement_decision placement_choose(const struct fleet *fleet,
                                           const struct placement_request *request);

#define PLACEMENT_MESSAGE_BYTES 160

/* The reason with its numbers, "need 2048 MB, largest free 1536 MB on 3 hypervisors", for a
 * decision that found none. `text` has PLACEMENT_MESSAGE_BYTES. Returns `text`. */
char *placement_message(const struct placement_decision *decision,
                        const struct placement_request *request, char *text);

#endif
