/* SPDX-License-Identifier: Apache-2.0
 *
 * The hypervisors in memory: what placement looks at. No I/O; fleet_sync.h keeps it current.
 *
 * Free memory of a hypervisor is the least of what it reports and what its assigned and running
 * runs leave of its total; a run placed since counts at once.
 */
#ifndef ERRAND_SCHEDULER_FLEET_H
#define ERRAND_SCHEDULER_FLEET_H

#include "base/err.h"
#include "base/id.h"

#include "free_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_NAME_BYTES 64 /* longer names are cut; they only serve messages */

enum hypervisor_status {
    HYPERVISOR_READY,
    HYPERVISOR_DRAINING,
    HYPERVISOR_CORDONED,
    HYPERVISOR_LOST,
    HYPERVISOR_STATUS_COUNT
};

struct fleet_region {
    struct id id;
    char slug[FLEET_NAME_BYTES];
    struct free_index ready;
    size_t counts[HYPERVISOR_STATUS_COUNT];
    bool is_seen; /* by the reload that is under way */
};

struct hypervisor {
    struct id id;
    char name[FLEET_NAME_BYTES];
    struct fleet_region *region;
    enum hypervisor_status status;
    int64_t cpu_milli;
    int64_t memory_total_mb;
    int64_t memory_used_mb;     /* of runs assigned to it or running on it */
    int64_t memory_reported_mb; /* free, by its last heartbeat and runs that ended since */
    int64_t memory_free_mb;     /* what placement may use; never negative */
    int64_t last_seen_us;
    struct free_node node;
    bool is_seen; /* by the reload that is under way */
};

struct fleet;

/* NULL out of memory. */
struct fleet *fleet_new(void);
void fleet_free(struct fleet *fleet);
void fleet_freep(struct fleet **fleet);

/* Add a region or rename it. Errors: ERR_INTERNAL out of memory. */
int fleet_put_region(struct fleet *fleet, struct id id, const char *slug, struct err *e) MUST_USE;

/* A hypervisor as the database has it. */
struct fleet_entry {
    struct id id;
    const char *name;
    struct id region;
    enum hypervisor_status status;
    int64_t cpu_milli;
    int64_t memory_total_mb;
    int64_t memory_reported_mb;
    int64_t memory_used_mb;
    int64_t last_seen_us;
};

/* Add it or bring it up to date. True in `ret_has_more`: a run may fit now that did not before.
 * Errors: ERR_NOT_FOUND no such region; ERR_INTERNAL out of memory. */
int fleet_put(struct fleet *fleet, const struct fleet_entry *entry, bool *ret_has_more,
              struct err *e) MUST_USE;

/* Around a full reload: hypervisors and regions not put in between are forgotten. */
void fleet_reload_begin(struct fleet *fleet);
void fleet_reload_end(struct fleet *fleet);

/* NULL when there is none. */
const struct fleet_region *fleet_region_at(const struct fleet *fleet, size_t i);
const struct fleet_region *fleet_find_region(const struct fleet *fleet, struct id id);
struct hypervisor *fleet_find(const struct fleet *fleet, struct id id);

/* A run of this size goes to `h`, or does not after all. */
void fleet_reserve(struct hypervisor *h, int64_t memory_mb);
void fleet_release(struct hypervisor *h, int64_t memory_mb);

/* "ready", ...; ERR_INVALID for anything else. */
int hypervisor_status_parse(const char *name, enum hypervisor_status *ret_status,
                            struct err *e) MUST_USE;

#endif
