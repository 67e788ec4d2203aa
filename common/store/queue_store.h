/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue: pending runs in the order they are due, given to hypervisors, and taken back from
 * those that are gone. Run by the scheduler that leads.
 *
 * Nothing here reads a run and trusts what it read: each change names the state it changes from, so
 * a run that a user stopped or a hypervisor finished in the meantime is left alone.
 */
#ifndef ERRAND_STORE_QUEUE_STORE_H
#define ERRAND_STORE_QUEUE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "store/db.h"
#include "store/hypervisor_store.h"

/* A place in a region's queue: highest priority first, then oldest. */
struct queue_place {
    int64_t priority;
    struct id run;
};

/* Before the first of all. */
#define QUEUE_PLACE_HEAD ((struct queue_place){.priority = INT32_MAX})

/* One page of a region's queue. */
struct queue_page {
    struct id region;
    struct queue_place after;
    int64_t max_memory_mb; /* leave out runs that need more */
    int64_t max_cpu_milli;
    int64_t limit;
};

struct queued_run {
    struct queue_place place;
    struct id project;
    int64_t memory_mb;
    int64_t cpu_milli;
    const char *pending_reason;  /* as stored, borrowed from the rows; NULL = none yet */
    const char *pending_message; /* the same */
};

extern const struct statement queue_store_page;
void queue_store_page_params(struct params *p, const struct queue_page *page);
void queue_store_read(const struct rows *rows, int row, struct queued_run *ret_run);

/* `run` is to go to `hypervisor`. */
struct queue_assignment {
    struct id run;
    struct id hypervisor;
};

/* Assign all that can be, each with its attempt counted up: the run is still pending, nobody else
 * has its row locked, and the hypervisor is ready, checked in this same statement. Rows: run,
 * hypervisor, attempt of those that were; what is missing stays pending. Not repeatable.
 * Source: PostgreSQL manual, SELECT, "The Locking Clause" */
extern const struct statement queue_store_assign;
void queue_store_assign_params(struct params *p, const struct queue_assignment *items, size_t n);
void queue_store_read_assigned(const struct rows *rows, int row, struct queue_assignment *ret_item);

/* Why a run waits. */
struct queue_reason {
    struct id run;
    const char *reason; /* pending_reason_name() */
    const char *message;
};

#define QUEUE_REASONS_MAX 256

/* Note them on those of the runs that are still pending; at most QUEUE_REASONS_MAX. */
extern const struct statement queue_store_explain;
void queue_store_explain_params(struct params *p, const struct queue_reason *items, size_t n);

/* Runs assigned to but not started by a hypervisor silent for longer than the limit: those to be
 * stopped become canceled, the others pending again with their old attempt fenced off. Parameters:
 * hypervisor_store_silence_params(). Rows: run, hypervisor, state. */
extern const struct statement queue_store_requeue_silent;

/* Runs that run on a hypervisor silent for longer than the limit become failed/hypervisor_lost, or
 * canceled when they were to be stopped. Parameters and rows as above. */
extern const struct statement queue_store_fail_silent;

struct queue_lost_run {
    struct id run;
    struct id hypervisor;
    const char *state; /* borrowed from the rows */
};

void queue_store_read_lost(const struct rows *rows, int row, struct queue_lost_run *ret_run);

/* Wake the listeners of `channel` about each of the ids, after what they are woken for is
 * committed. */
extern const struct statement queue_store_notify;
void queue_store_notify_params(struct params *p, const char *channel, const struct id *ids,
                               size_t n);

#endif
