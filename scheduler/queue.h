/* SPDX-License-Identifier: Apache-2.0
 *
 * Passes over the queue of pending runs: each run is placed where it fits, in fair turns, and those
 * of a size that fits nowhere are told why, all at once.
 *
 * A pass costs a look at each lane and work for each run that is placed; runs that fit nowhere are
 * not even read.
 */
#ifndef ERRAND_SCHEDULER_QUEUE_H
#define ERRAND_SCHEDULER_QUEUE_H

#include <stdbool.h>

#include "base/err.h"
#include "placement/fleet.h"
#include "store/db.h"
#include "store/queue_store.h"

#include "holds.h"
#include "queue_lanes.h"

enum queue_mode {
    QUEUE_PLACE,   /* something was added or freed */
    QUEUE_EXPLAIN, /* and the numbers in the reasons are brought up to date; once a second */
};

struct queue_options {
    struct queue_leases leases;
    int64_t hold_after_us; /* a run that waited so long has a hypervisor kept free for it */
};

/* What was counted since it was last written to the database. */
struct queue_counts {
    int64_t placed;
    int64_t placed_pin;
    int64_t placed_image;
    int64_t with_pin; /* placed, and the runner had a pin */
};

/* A round's placements. */
struct queue_batch {
    struct queue_assignment items[QUEUE_ROUND_RUNS];
    struct hypervisor *hypervisors[QUEUE_ROUND_RUNS];
    const struct queue_size *sizes[QUEUE_ROUND_RUNS];
    size_t n;
};

#define QUEUE_REGIONS_NOTED 64

/* What the notes of a region in the database say, as fingerprints. */
struct queue_noted {
    struct id region;
    uint64_t reasons;
    uint64_t all;
};

struct queue {
    struct db *db;       /* borrowed */
    struct fleet *fleet; /* borrowed */
    struct queue_options options;
    struct queue_lanes lanes;
    struct queue_batch *batch; /* owned */
    struct holds holds;
    struct queue_counts counts;
    struct queue_noted noted[QUEUE_REGIONS_NOTED];
    size_t noted_n;
    size_t region; /* which goes first */
};

struct queue_outcome {
    size_t placed;
    bool runs_wait; /* some did not fit */
    bool is_cut;    /* there is more to do: call again soon */
};

int queue_init(struct queue *queue, struct db *db, struct fleet *fleet,
               const struct queue_options *options, struct err *e) MUST_USE;
void queue_done(struct queue *queue);

/* Place what can be placed, and wake the hypervisors' listeners. A long pass is cut so that the
 * caller can look after other things.
 * Errors: ERR_UNAVAILABLE, ERR_UNCERTAIN: the session is gone; the fleet in memory is not to be
 * trusted any more. A run that alone cannot be assigned is logged and passed over. */
int queue_pass(struct queue *queue, enum queue_mode mode, struct queue_outcome *ret_outcome,
               struct err *e) MUST_USE;

/* Write what was counted. */
int queue_write_counts(struct queue *queue, struct err *e) MUST_USE;

#endif
