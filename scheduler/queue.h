/* SPDX-License-Identifier: Apache-2.0
 *
 * Passes over the queue of pending runs: each run is placed where it fits, in the order of the
 * queue, and one that fits nowhere is told why and passed over.
 */
#ifndef ERRAND_SCHEDULER_QUEUE_H
#define ERRAND_SCHEDULER_QUEUE_H

#include "base/err.h"
#include "store/db.h"
#include "store/queue_store.h"

#include "fleet.h"

#include <stdbool.h>

#define QUEUE_PAGE_RUNS 256

enum queue_mode {
    QUEUE_FILL,        /* memory was freed: only runs that may fit are read */
    QUEUE_EXPLAIN_NEW, /* runs were added: the first page learns its reasons */
    QUEUE_EXPLAIN_ALL, /* and has the numbers in their messages brought up to date */
};

/* One page's work; reused. */
struct queue_batch {
    struct queue_assignment items[QUEUE_PAGE_RUNS];
    struct hypervisor *hypervisors[QUEUE_PAGE_RUNS];
    int64_t memory_mb[QUEUE_PAGE_RUNS];
    size_t n;
    struct queue_reason reasons[QUEUE_REASONS_MAX];
    char (*messages)[160]; /* owned; one for each reason */
    size_t reasons_n;
};

struct queue {
    struct db *db;       /* borrowed */
    struct fleet *fleet; /* borrowed */
    struct queue_batch batch;
    size_t region; /* where the pass that was cut short goes on */
    struct queue_place after;
    bool is_cut;
};

struct queue_outcome {
    size_t placed;
    size_t passed_over; /* pending runs seen that did not fit */
    bool is_cut;        /* there is more to do: call again soon */
};

int queue_init(struct queue *queue, struct db *db, struct fleet *fleet, struct err *e) MUST_USE;
void queue_done(struct queue *queue);

/* Place what can be placed, and wake the hypervisors' listeners. A long pass is cut so that the
 * caller can look after other things; the next call goes on where it stopped, whatever its mode.
 * Errors: ERR_UNAVAILABLE, ERR_UNCERTAIN: the session is gone; the fleet in memory is not to be
 * trusted any more. A run that alone cannot be assigned is logged and passed over. */
int queue_pass(struct queue *queue, enum queue_mode mode, struct queue_outcome *ret_outcome,
               struct err *e) MUST_USE;

#endif
