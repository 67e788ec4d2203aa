/* SPDX-License-Identifier: Apache-2.0
 *
 * The hypervisors in memory: what placement looks at. No I/O; who owns it keeps it current.
 *
 * Free memory of a hypervisor is the least of what it reports and what its assigned and running
 * runs leave of its total; a run placed since counts at once. Cores are shared, as often as the
 * policy says: free are those that it has, or what its runs leave of its share if that is less.
 */
#ifndef ERRAND_PLACEMENT_FLEET_H
#define ERRAND_PLACEMENT_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "placement/free_index.h"
#include "placement/warmth.h"

#define FLEET_NAME_BYTES 64 /* longer names are cut; they only serve messages */

enum hypervisor_status {
    HYPERVISOR_READY,
    HYPERVISOR_DRAINING,
    HYPERVISOR_CORDONED,
    HYPERVISOR_LOST,
    HYPERVISOR_STATUS_COUNT
};

/* The hypervisors of a region that have the same labels. */
struct fleet_pool {
    char *labels; /* owned; "key=value" lines, sorted */
    size_t n;     /* of any status */
    struct free_index ready;
};

struct fleet_region {
    struct id id;
    char slug[FLEET_NAME_BYTES];
    struct free_index ready;
    struct fleet_pool **pools; /* owned, as is each */
    size_t pools_n;
    size_t counts[HYPERVISOR_STATUS_COUNT];
    bool is_seen; /* by the reload that is under way */
};

struct hypervisor {
    struct id id;
    char name[FLEET_NAME_BYTES];
    struct fleet_region *region;
    struct fleet_pool *pool;
    enum hypervisor_status status;
    bool is_held; /* for one run that waits for it: nothing else goes there */
    int64_t cpu_milli;
    int64_t cpu_used_milli; /* of runs assigned to it or running on it */
    int64_t cpu_free_milli; /* what placement may use of it for one run */
    int64_t memory_total_mb;
    int64_t memory_used_mb;     /* of runs assigned to it or running on it */
    int64_t memory_reported_mb; /* free, by its last heartbeat and runs that ended since */
    int64_t memory_free_mb;     /* what placement may use; never negative */
    int64_t last_seen_us;
    struct free_node nodes[FREE_INDEX_KIND_COUNT];
    bool is_seen; /* by the reload that is under way */
};

struct fleet;

#define FLEET_CPU_PERCENT_DEFAULT 800

struct fleet_policy {
    bool spread;         /* to the hypervisor with the most free memory, not the least that fits */
    int64_t cpu_percent; /* how much of its cores runs may want together; 100: none is shared */
};

/* With the default policy. NULL out of memory. */
struct fleet *fleet_new(void);
void fleet_free(struct fleet *fleet);
void fleet_freep(struct fleet **fleet);

/* Before the first hypervisor is put. */
void fleet_set_policy(struct fleet *fleet, struct fleet_policy policy);
struct fleet_policy fleet_policy(const struct fleet *fleet);

/* Where images are warm, and who it is kept for. */
struct warmth *fleet_warmth(const struct fleet *fleet);

/* Add a region or rename it. Errors: ERR_INTERNAL out of memory. */
int fleet_put_region(struct fleet *fleet, struct id id, const char *slug, struct err *e) MUST_USE;

/* A hypervisor as the database has it. */
struct fleet_entry {
    struct id id;
    const char *name;
    struct id region;
    enum hypervisor_status status;
    const char *labels; /* "key=value" lines, sorted; NULL: none */
    int64_t cpu_milli;
    int64_t cpu_used_milli;
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
struct hypervisor *fleet_hypervisor_at(const struct fleet *fleet, size_t i);
struct hypervisor *fleet_find(const struct fleet *fleet, struct id id);

/* A run of this size goes to `h`, or does not after all. */
void fleet_reserve(struct fleet *fleet, struct hypervisor *h, int64_t memory_mb, int64_t cpu_milli);
void fleet_release(struct fleet *fleet, struct hypervisor *h, int64_t memory_mb, int64_t cpu_milli);

/* Keep everything else away from `h`, or let it in again. */
void fleet_hold(struct fleet *fleet, struct hypervisor *h, bool is_held);

/* Whether each line of `wanted` is one of `labels`. */
bool fleet_labels_match(const char *labels, const char *wanted);

/* "ready", ...; ERR_INVALID for anything else. */
int hypervisor_status_parse(const char *name, enum hypervisor_status *ret_status,
                            struct err *e) MUST_USE;

#endif
