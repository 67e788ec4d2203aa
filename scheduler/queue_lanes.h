/* SPDX-License-Identifier: Apache-2.0
 *
 * The lanes of a region's queue during a pass: runs of one size of one project each, and whose turn
 * it is.
 *
 * The turn is the project's whose runs use the least memory of the region now; of its runs the one
 * that is first by priority and age. A lane whose runs fit nowhere is stuck until the next pass.
 */
#ifndef ERRAND_SCHEDULER_QUEUE_LANES_H
#define ERRAND_SCHEDULER_QUEUE_LANES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "placement/placement.h"
#include "store/db.h"
#include "store/queue_store.h"

#define QUEUE_LANES_MAX                                                                            \
    4096                      /* of a region in a pass; the rest has its turn when these are empty \
                               */
#define QUEUE_ROUND_RUNS 1024 /* read, placed and assigned together */

struct lane {
    struct queue_lane key;    /* labels are owned */
    struct queue_place after; /* everything up to here was looked at in this pass */
    struct queued_run *runs; /* read and not looked at yet, `n` of them, in the order of the lane */
    size_t n;
    size_t project;
    bool is_stuck;
    bool is_first; /* its head goes before all others: a hypervisor was kept free for it */
    bool has_more; /* behind what was read */
};

struct lane_project {
    struct id id;
    int64_t used_mb;
    size_t first; /* of its lanes */
    size_t n;
};

struct queue_lanes {
    struct id region;
    struct lane *lanes; /* owned, room for QUEUE_LANES_MAX; sorted by project */
    size_t n;
    struct lane_project *projects; /* owned, as many */
    size_t projects_n;
    struct queued_run *runs; /* owned, the round's */
    struct lane *round[QUEUE_READINGS_MAX];
    size_t round_n;
    int64_t unread_used_mb; /* the least use of a project with a lane that is not in the round */
};

int queue_lanes_init(struct queue_lanes *lanes, struct err *e) MUST_USE;
void queue_lanes_done(struct queue_lanes *lanes);

/* Begin a pass over a region: all its lanes, nothing read yet. */
int queue_lanes_load(struct queue_lanes *lanes, struct db *db, struct id region,
                     struct err *e) MUST_USE;

/* Read the next runs of the lanes that are not stuck, of those projects first that use the least.
 * False in `ret_any`: there are none. */
int queue_lanes_read(struct queue_lanes *lanes, struct db *db, bool *ret_any,
                     struct err *e) MUST_USE;

/* Read the first run of each stuck lane, as far as they go into one round. */
int queue_lanes_read_stuck(struct queue_lanes *lanes, struct db *db, struct err *e) MUST_USE;

/* Whose turn it is; NULL when the next runs must be read to know. */
struct lane *queue_lanes_next(struct queue_lanes *lanes);

/* The head of the lane was placed, or is not to be looked at again in this pass. */
void queue_lanes_take(struct queue_lanes *lanes, struct lane *lane, bool is_placed);

#endif
