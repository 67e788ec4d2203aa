/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt of one run on this hypervisor: what the agent holds about it. The truth of what
 * happened is in its run dir, <data_dir>/runs/<run>/<attempt>.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_H
#define ERRAND_HYPERVISOR_AGENT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "exit_record.h"
#include "images/digest.h"
#include "log_source.h"
#include "run_life.h"
#include "run_spec.h"
#include "wire/assignment.h"

struct image_request;
struct shim_process;
struct supervisor;

struct run {
    struct id id;
    uint32_t attempt;
    enum run_life life;
    char *dir; /* owned */

    struct assignment assignment;  /* until its shim was started; else zero */
    struct image_request *request; /* while pulling; canceled with the run */
    struct shim_process *shim;     /* owned; of the shim, or of the reaper after it */
    struct log_source log;

    char box[RUN_BOX_NAME_BYTES]; /* the sandbox that waited for it; "" = it was made for it */
    uint32_t memory_mb;
    uint32_t stop_grace_seconds;
    char image_digest[DIGEST_TEXT_BYTES]; /* "" until known */
    int64_t accepted_us;                  /* monotonic */
    bool is_held;                         /* see room_gate.h */
    uint32_t pull_ms;
    const char *image_from; /* "local", "pulled"; NULL: not known */

    /* Monotonic. When its shim should have ended it, whatever the container does; see run_guard.h
     */
    int64_t ends_by_us;
    bool is_overdue;

    int64_t started_at_us;        /* 0 until it is known */
    int64_t sampled_us;           /* monotonic; when its usage was last looked at */
    uint32_t start_lease_seconds; /* see lease_keeper.h; 0 = none */
    uint32_t run_lease_seconds;
    bool is_start_known; /* the API has answered that it started */

    bool is_start_reported;
    bool is_reaped;         /* the reaper was there already */
    struct exit_record end; /* once it is over */

    struct supervisor *supervisor; /* borrowed; for callbacks */
    struct run *next;              /* of the table */
};

/* Owned by the caller. NULL when out of memory. */
struct run *run_new(const char *data_dir, struct id id, uint32_t attempt);

/* Releases what it holds; the run dir stays. */
void run_free(struct run *run);

/* Make the run dir, and note in it what an agent started later must know about the run. */
int run_dir_make(const struct run *run, struct err *e) MUST_USE;

/* The note alone, into `dir`. */
int run_note_write(const struct run *run, const char *dir, struct err *e) MUST_USE;

/* What its container and its control group are named after. */
void run_group_name(const struct run *run, char name[RUN_BOX_NAME_BYTES]);

/* Read that note back. ERR_NOT_FOUND: there is none. ERR_CONFLICT: it is another
 * version's. */
int run_note_read(struct run *run, struct err *e) MUST_USE;

/* Remove the run dir, and the directory of the run when this was its last attempt here. */
int run_dir_remove(const struct run *run, struct err *e) MUST_USE;

#endif
