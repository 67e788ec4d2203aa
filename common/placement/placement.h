/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a run goes, and if nowhere, why. Pure: looks at the fleet, changes nothing, does no I/O,
 * costs O(log n) in the hypervisors of the region (and, for a run that wants labels, O(1) in each
 * set of labels that hypervisors have).
 *
 * The rule: among the ready hypervisors of the run's region that have its labels and free cores,
 * first one that keeps the runner's image ready, then one that had the image last, then the one
 * whose free memory is the least that still holds it (or the most, when the policy is to spread);
 * of equals the lowest id. Memory is never given out twice.
 * Source: docs/scheduling.md "Placement"
 */
#ifndef ERRAND_PLACEMENT_PLACEMENT_H
#define ERRAND_PLACEMENT_PLACEMENT_H

#include "model/reason.h"
#include "placement/fleet.h"

struct placement_request {
    struct id region;
    int64_t memory_mb;
    int64_t cpu_milli;
    const char *labels; /* lines that the hypervisor must have; NULL or "": none */
    struct id runner;   /* nil: no pin counts */
    uint64_t image;     /* fingerprint; 0: it does not matter where it is */
    int64_t now_us;     /* wall clock; pins that ended before do not count */
};

enum placement_choice {
    PLACEMENT_NOWHERE,
    PLACEMENT_PIN,
    PLACEMENT_IMAGE,
    PLACEMENT_FIT,
    PLACEMENT_CHOICE_COUNT
};

struct placement_decision {
    struct hypervisor *hypervisor; /* NULL: nowhere now, for `reason` */
    enum placement_choice choice;
    bool has_pin; /* the runner has one that is valid, with room or not */
    enum pending_reason reason;
    const struct fleet_region *region; /* NULL: unknown */
    size_t matching;                   /* ready ones that have the labels */
    int64_t most_memory_mb;            /* free on one of them that has the cores */
    int64_t most_cpu_milli;            /* free on one of them */
};

struct placement_decision placement_choose(const struct fleet *fleet,
                                           const struct placement_request *request);

/* Whether `h` could take the run now, were it not held for another. */
bool placement_fits(const struct hypervisor *h, const struct placement_request *request);

#define PLACEMENT_MESSAGE_BYTES 256

/* The reason with its numbers, "need 2048 MB, largest free 1536 MB on 3 hypervisors", for a
 * decision that found none. `text` has PLACEMENT_MESSAGE_BYTES. Returns `text`. */
char *placement_message(const struct placement_decision *decision,
                        const struct placement_request *request, char *text);

#endif
