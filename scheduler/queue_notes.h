/* SPDX-License-Identifier: Apache-2.0
 *
 * Why runs wait: one note for all runs of a size in a region, written only when it says something
 * new, numbers once a second at most.
 */
#ifndef ERRAND_SCHEDULER_QUEUE_NOTES_H
#define ERRAND_SCHEDULER_QUEUE_NOTES_H

#include "queue.h"

/* After a pass over the region whose lanes are loaded. */
int queue_notes_write(struct queue *queue, enum queue_mode mode, struct err *e) MUST_USE;

#endif
