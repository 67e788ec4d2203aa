/* SPDX-License-Identifier: Apache-2.0
 *
 * The ceiling of what a container writes to its writable layer. Looked at once a second: the file
 * system is asked how full it is, which costs nothing, and only when it has taken enough for the
 * container to be over, or after a while, a child counts the container's files.
 *
 * So a container may be over for a second and for as long as counting takes. Quotas of the file
 * system would be exact, but few machines have them switched on.
 */
#ifndef ERRAND_DRIVERS_DISK_WATCH_H
#define ERRAND_DRIVERS_DISK_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "drivers/cgroup.h"

struct disk_watch {
    const char *dir;    /* borrowed */
    const char *cgroup; /* borrowed; of the processes whose unnamed files count */
    enum cgroup_layout layout;
    uint64_t limit_bytes; /* 0 = none */
    int timer_fd;         /* readable when disk_watch_tick() has something to do; -1 = never */
    uint64_t taken_then;  /* of the file system, when the files were last counted */
    uint64_t counted;     /* then */
    uint32_t seconds;     /* since then */
    pid_t counter;        /* the child; 0 = none */
    int result_fd;        /* where it tells; -1 = none */
    bool is_over;
};

/* Everything off. */
void disk_watch_init(struct disk_watch *watch);

/* The caller has set dir, cgroup, layout and limit_bytes; no limit is no watch. */
int disk_watch_start(struct disk_watch *watch, struct err *e) MUST_USE;

void disk_watch_tick(struct disk_watch *watch);

/* A child of the caller's has ended; whether it was the counter. `is_over` is then true or as it
 * was. */
bool disk_watch_take(struct disk_watch *watch, pid_t pid);

/* Kills the counter; its end is still to be seen by who waits for children. No tick comes after. */
void disk_watch_stop(struct disk_watch *watch);

void disk_watch_done(struct disk_watch *watch);

#endif
