/* SPDX-License-Identifier: Apache-2.0
 *
 * The control group of one run is made, limited and entered by us, not by the runtime. A runtime
 * moves the container's first process into the group, and the kernel lets nobody move another
 * process before an RCU grace period has passed: 12 ms at 250 Hz, more than all else that starting
 * a container takes. A process with one thread that moves itself (v1) or is born in the group (v2)
 * does not wait. Source: cgroup_procs_write_start() and cgroup_css_set_fork() in the kernel's
 * kernel/cgroup/cgroup.c.
 */
#ifndef ERRAND_DRIVERS_CGROUP_MAKE_H
#define ERRAND_DRIVERS_CGROUP_MAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "drivers/cgroup.h"

/* 0 = no limit, in each. */
struct cgroup_limits {
    uint64_t memory_bytes; /* without swap, where the kernel accounts for swap */
    uint32_t cpu_milli;
    uint64_t processes;
};

/* Make the group in every tree, and those above it. That it exists is success. */
int cgroup_make(enum cgroup_layout layout, const char *path, struct err *e) MUST_USE;

/* fork(); on v2 the child is in the group. It must call cgroup_enter() next. */
pid_t cgroup_fork(enum cgroup_layout layout, const char *path);

/* Move the calling process, which has one thread, into the group. False with errno. */
bool cgroup_enter(enum cgroup_layout layout, const char *path);

int cgroup_limit(enum cgroup_layout layout, const char *path, const struct cgroup_limits *limits,
                 struct err *e) MUST_USE;

/* Count what the group uses from now on: on v1 from zero, on v2 from the processor time returned,
 * in us. */
uint64_t cgroup_reset_use(enum cgroup_layout layout, const char *path);

#endif
