/* SPDX-License-Identifier: Apache-2.0
 *
 * The control group of one run, on all three layouts: v1 (a tree for each controller), v2 (one
 * tree) and hybrid (v1, and an empty v2 tree beside it): read, emptied and removed. It is made and
 * limited in cgroup_make.h.
 */
#ifndef ERRAND_DRIVERS_CGROUP_H
#define ERRAND_DRIVERS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CGROUP_HYBRID_V2_NAME "unified"
#define CGROUP_HYBRID_V2 CGROUP_ROOT "/" CGROUP_HYBRID_V2_NAME

enum cgroup_layout {
    CGROUP_V1,
    CGROUP_V2,
    CGROUP_HYBRID,
};

/* What the host has mounted. ERR_NOT_FOUND: no control groups at all. */
int cgroup_layout_find(enum cgroup_layout *ret_layout, struct err *e) MUST_USE;

/* Whether `path` may be emptied and removed as one run's group: "/errand/x", absolute, at least two
 * names, no "..". In the functions below it must be. */
bool cgroup_path_is_safe(const char *path);

/* KILL every process in the group once, frozen meanwhile so that it cannot fork away. Returns
 * whether any was there: call again until it returns false. */
bool cgroup_kill(enum cgroup_layout layout, const char *path);

typedef void cgroup_process_fn(pid_t pid, void *ctx);

/* Call `fn` for every process of the group, not of those below. */
void cgroup_each_process(enum cgroup_layout layout, const char *path, cgroup_process_fn *fn,
                         void *ctx);

struct cgroup_use {
    uint64_t cpu_us;
    uint64_t memory_peak_bytes; /* 0 = not told by this kernel */
    uint64_t oom_kills;         /* processes of the group the kernel has killed for memory */
    uint64_t io_read_bytes;     /* of block devices; on v1 of the processes that are there */
    uint64_t io_write_bytes;
};

/* What the group has at this moment. */
struct cgroup_now {
    uint64_t memory_bytes;
    uint64_t processes;
};

/* False when the group is not there (any more). */
bool cgroup_read_now(enum cgroup_layout layout, const char *path, struct cgroup_now *ret_now);

/* What the host cannot tell stays 0. */
void cgroup_read_use(enum cgroup_layout layout, const char *path, struct cgroup_use *ret_use);

/* Remove the group from every tree. ERR_CONFLICT: a process is still in it, for now or for good.
 * A group that is not there is success. */
int cgroup_remove(enum cgroup_layout layout, const char *path, struct err *e) MUST_USE;

/* Call back with the name of each group right below `parent`, which may remove it: on v1 once for
 * each tree that has it, so it may be gone by then. */
typedef void cgroup_fn(void *ctx, const char *name);
void cgroup_each_below(enum cgroup_layout layout, const char *parent, cgroup_fn *found, void *ctx);

#endif
