/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors as the scheduler sees them: what room they have, and whether they are still heard of.
 * What they report themselves is agent_store.h.
 *
 * A status is 'ready', 'draining', 'cordoned' or 'lost'; people change it by fleet_store.h. Silence
 * turns only ready into lost, and a heartbeat only lost into ready, so draining stays draining.
 */
#ifndef ERRAND_STORE_HYPERVISOR_STORE_H
#define ERRAND_STORE_HYPERVISOR_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "store/db.h"

/* What placement needs to know of one. */
struct hypervisor_capacity {
    struct id id;
    const char *name; /* borrowed from the rows */
    struct id region;
    const char *status; /* borrowed */
    const char *labels; /* borrowed; "key=value" lines, sorted */
    int64_t cpu_milli;
    int64_t cpu_used_milli; /* of runs assigned to it or running on it */
    int64_t memory_total_mb;
    int64_t memory_reported_mb; /* free, as of its last heartbeat */
    int64_t memory_used_mb;     /* as of the cores */
    int64_t last_seen_us;
};

/* All of them; or those of a region ($1); or those that have one of the ids or were given one of
 * the runs. Removed ones are none. */
extern const struct statement hypervisor_store_load_region;
extern const struct statement hypervisor_store_load_all;
extern const struct statement hypervisor_store_load_some;
void hypervisor_store_load_some_params(struct params *p, const struct id *hypervisors,
                                       size_t hypervisors_n, const struct id *runs, size_t runs_n);
void hypervisor_store_read_capacity(const struct rows *rows, int row,
                                    struct hypervisor_capacity *ret_capacity);

/* All regions: id, slug. */
extern const struct statement hypervisor_store_regions;

/* One row: whether an API is connected to the database, so that heartbeats can arrive at all, and
 * what time it is there. */
extern const struct statement hypervisor_store_api_is_up;

/* Silence begins at the last heartbeat, but not before `observed_s` seconds ago: time in which
 * nobody could have heard a hypervisor does not count against it. */
struct hypervisor_silence {
    int64_t observed_s;
    int64_t limit_s;
};

void hypervisor_store_silence_params(struct params *p, const struct hypervisor_silence *silence);

/* For statements with these parameters: when the silence of hypervisor `h` began, and whether it
 * has lasted longer than the limit. A heartbeat of the future says only that the clock was set
 * back; whoever is there will say so again. */
#define HYPERVISOR_STORE_SILENT_SINCE                                                              \
    "greatest(CASE WHEN h.last_seen_at < now() + interval '1 minute' THEN h.last_seen_at END,"     \
    " now() - make_interval(secs => $1::float8))"
#define HYPERVISOR_STORE_IS_SILENT                                                                 \
    HYPERVISOR_STORE_SILENT_SINCE " < now() - make_interval(secs => $2::float8)"

/* Ready ones silent for longer than the limit become lost. Rows: id, name, seconds silent. */
extern const struct statement hypervisor_store_mark_lost;

#endif
