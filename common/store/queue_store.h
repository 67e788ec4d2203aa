/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue: pending runs in the order they are due, given to hypervisors, and taken back from
 * those that are gone; held back, let in, and given up. Run by the scheduler that leads.
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

/* What sends an attempt of `runs` back to the queue, for an UPDATE joined with `target` (delay in
 * seconds, tries to count, outcome) of the same run. */
#define QUEUE_STORE_AGAIN                                                                          \
    " state = 'pending', hypervisor_id = NULL, assigned_at = NULL, started_at = NULL,"             \
    " pull_ms = NULL, start_ms = NULL, image_pulled = NULL, updated_at = now(),"                   \
    " retries = runs.retries + target.tries,"                                                      \
    " hold = CASE WHEN target.delay > 0 THEN 'waiting_retry' END,"                                 \
    " due_at = now() + make_interval(secs => target.delay),"                                       \
    " pending_until = now() + make_interval(secs => target.delay + runs.pending_timeout_seconds)," \
    " pending_reason = CASE WHEN target.delay > 0 THEN 'waiting_retry' ELSE 'queued' END,"         \
    " pending_message = 'attempt ' || runs.attempt || ' ended: ' || target.outcome"                \
    "   || CASE WHEN target.delay > 0 THEN '; the next is due at '"                                \
    "      || to_char(now() + make_interval(secs => target.delay),"                                \
    "                 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') ELSE '' END"

/* The size of a run: whether it fits somewhere depends on nothing else. */
struct queue_size {
    int64_t memory_mb;
    int64_t cpu_milli;
    const char *labels; /* lines that a hypervisor must have, "" for none; borrowed */
};

/* Runs of one size of one project: they wait in a line. */
struct queue_lane {
    struct id project;
    struct queue_size size;
};

/* All lanes of a region with a run in them, at most `limit`, those after `after` (NULL: from the
 * first on) in the order of the index. */
extern const struct statement queue_store_lanes;
void queue_store_lanes_params(struct params *p, struct id region, const struct queue_lane *after,
                              int64_t limit);
void queue_store_read_lane(const struct rows *rows, int row, struct queue_lane *ret_lane);

/* A place in a lane; all zero is before the first. */
struct queue_place {
    int64_t queue_at_us;
    struct id run;
};

/* One of the lanes to read from, and from where. */
struct queue_reading {
    struct queue_lane lane;
    struct queue_place after;
    int64_t limit;
};

struct queued_run {
    int64_t reading; /* which of the readings, from 0 */
    struct queue_place place;
    struct id runner;
    uint64_t image; /* fingerprint of what it runs */
    int64_t waited_us;
};

#define QUEUE_READINGS_MAX 256

/* The next runs of several lanes, each lane in order; at most QUEUE_READINGS_MAX lanes. */
extern const struct statement queue_store_read_lanes;
void queue_store_read_lanes_params(struct params *p, struct id region,
                                   const struct queue_reading *readings, size_t n);
void queue_store_read_run(const struct rows *rows, int row, struct queued_run *ret_run);

/* Memory that runs of each project may use now in a region, as far as they are on hypervisors.
 * Rows: project, MiB. */
extern const struct statement queue_store_usage;

/* `run` is to go to `hypervisor`. */
struct queue_assignment {
    struct id run;
    struct id hypervisor;
};

/* For how long a hypervisor may act for a run without a word from the API. */
struct queue_leases {
    int64_t start_s; /* until the API knows that it started */
    int64_t run_s;   /* from then on, if another may be started in its place */
};

/* Assign all that can be, each with its attempt counted up: the run is still pending, nobody else
 * has its row locked, and the hypervisor is ready, checked in this same statement. Rows: run,
 * hypervisor, attempt of those that were; what is missing stays pending. Not repeatable.
 * Source: PostgreSQL manual, SELECT, "The Locking Clause" */
extern const struct statement queue_store_assign;
void queue_store_assign_params(struct params *p, const struct queue_assignment *items, size_t n,
                               const struct queue_leases *leases);
void queue_store_read_assigned(const struct rows *rows, int row, struct queue_assignment *ret_item);

/* Why runs of a size wait. */
struct queue_note {
    struct queue_size size;
    const char *reason; /* pending_reason_name() */
    const char *message;
};

#define QUEUE_NOTES_MAX 256

/* Make these the notes of the region; at most QUEUE_NOTES_MAX. */
extern const struct statement queue_store_put_notes;
void queue_store_put_notes_params(struct params *p, struct id region,
                                  const struct queue_note *items, size_t n);

/* One row: whether any run is held by its runner's max_concurrency. */
extern const struct statement queue_store_some_are_held;

/* Let held runs in, where their runners' max_concurrency allows: of the runners of these runs, or
 * of as many of all runners that hold some as `limit` says, those after `after`. One row: how many
 * runs changed, and the last runner looked at, NULL when there are no more. */
extern const struct statement queue_store_admit_after;
void queue_store_admit_after_params(struct params *p, const struct id *runs, size_t n);
extern const struct statement queue_store_admit_all;
void queue_store_admit_all_params(struct params *p, struct id after, int64_t limit);

/* Retries whose time has come go back to the queue, at most `$1`. Rows: run. */
extern const struct statement queue_store_release_due;

/* Runs that waited longer than they may fail, at most `$1`. Rows: run. */
extern const struct statement queue_store_expire;

/* Runs assigned to but not started by a hypervisor silent for longer than the limit: those to be
 * stopped become canceled, the others pending again with their old attempt fenced off. Parameters:
 * hypervisor_store_silence_params(). Rows: run, hypervisor, state. */
extern const struct statement queue_store_requeue_silent;

/* Runs that run on a hypervisor silent for longer than the limit become failed/hypervisor_lost,
 * pending when their policy tries again, or canceled when they were to be stopped. Parameters and
 * rows as above. */
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
