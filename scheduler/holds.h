/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors kept free for runs that have waited for too long: while small runs take what others
 * leave, a large one would never find enough room at once. Nothing else goes to a hypervisor that
 * is held until the run fits there. The longest waiting is helped first.
 */
#ifndef ERRAND_SCHEDULER_HOLDS_H
#define ERRAND_SCHEDULER_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "placement/placement.h"

#define HOLDS_MAX 16

struct hold {
    struct placement_request request; /* of a run of the lane; labels are owned */
    struct id project;
    struct id hypervisor;
};

struct holds {
    struct hold items[HOLDS_MAX];
    size_t n;
};

void holds_done(struct holds *holds);

/* Whether a hypervisor is held for this lane. */
bool holds_has(const struct holds *holds, struct id project,
               const struct placement_request *request);

/* Hold the hypervisor that will have room soonest, by what is free now. Nothing happens when none
 * could ever have it, or when too many are held. True when one is held now. */
bool holds_add(struct holds *holds, struct fleet *fleet, struct id project,
               const struct placement_request *request);

/* End the hold of this lane because its hypervisor has room now, or because it is no use (any
 * more). True when it has room. */
bool holds_redeem(struct holds *holds, struct fleet *fleet, struct id project,
                  const struct placement_request *request);

/* End those of lanes that do not wait any more: all of the region for which `waits` is false. */
void holds_prune(struct holds *holds, struct fleet *fleet, struct id region,
                 bool (*waits)(void *ctx, const struct hold *hold), void *ctx);

#endif
