/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs as the public API sees them: triggered, read, listed, stopped. The scheduler's and the
 * agents' side is in queue_store.h and agent_store.h.
 */
#ifndef ERRAND_STORE_RUN_STORE_H
#define ERRAND_STORE_RUN_STORE_H

#include "model/run.h"
#include "store/db.h"
#include "store/page_rows.h"

/* The run of a row of any statement here; texts are borrowed from the rows. */
void run_store_read(const struct rows *rows, int row, struct run *ret_run);

/* Make a run of what the runner is now. One row: the run. No row: no such runner, no such instance
 * type, or more than LIMIT_LABELS labels; nothing happened, and run_store_refusal says which.
 * Afterwards: BUS_QUEUE. */
extern const struct statement run_store_trigger;
void run_store_trigger_params(struct params *p, const struct run_request *request);

/* What a trigger would have to be placed: one row; none as for run_store_trigger. */
extern const struct statement run_store_wish;
void run_store_wish_params(struct params *p, const struct run_request *request);

struct run_wish {
    struct id region;
    int64_t memory_mb;
    int64_t cpu_milli;
    const char *labels; /* lines that the hypervisor must have; borrowed from the rows */
};

void run_store_read_wish(const struct rows *rows, struct run_wish *ret_wish);

enum run_refusal {
    RUN_REFUSAL_NONE = 0,
    RUN_REFUSAL_RUNNER = 1 << 0,
    RUN_REFUSAL_INSTANCE_TYPE = 1 << 1,
    RUN_REFUSAL_LABELS = 1 << 2,
    RUN_REFUSAL_QUOTA = 1 << 3, /* run_store_refusal_quota() says which */
};
extern const struct statement run_store_refusal;
void run_store_refusal_params(struct params *p, const struct run_request *request);
unsigned run_store_refusal_read(const struct rows *rows); /* of enum run_refusal */
const char *run_store_refusal_quota(const struct rows *rows);

/* Which run: the nil `runner` is any. */
struct run_place {
    struct id project;
    struct id runner;
    struct id run;
};

/* One row, or none. */
extern const struct statement run_store_get;
void run_store_get_params(struct params *p, struct run_place place);

/* A pending run is canceled, one on a hypervisor is asked to stop, a final one is left alone. One
 * row: the run as it is then; none when there is no such run. Afterwards: BUS_RUN, and
 * BUS_HYPERVISOR when the run has one. */
extern const struct statement run_store_stop;
void run_store_stop_params(struct params *p, struct run_place place);

/* Make a run like another one, final or not. One row: the new run. No row: nothing happened, and
 * run_store_rerun_refusal says why, in no row when there is no such run. Afterwards: BUS_QUEUE. */
extern const struct statement run_store_rerun;
void run_store_rerun_params(struct params *p, struct run_place place, struct id run,
                            const char *trigger_by);
extern const struct statement run_store_rerun_refusal; /* run_store_get_params() */
void run_store_rerun_refusal_read(const struct rows *rows, bool *ret_has_runner,
                                  const char **ret_quota);

/* Which runs; what is NULL or 0 does not matter. */
struct run_filter {
    struct id project;
    struct id runner;    /* for run_store_list_of_runner */
    const char *status;  /* public name */
    const char *labels;  /* JSON object that the run's contain */
    const char *trigger; /* kind */
    int64_t since_us;    /* created then or later */
    int64_t until_us;    /* created before */
    struct page_window window;
    bool is_keyset;   /* for run_store_list_on: `before` instead of the window's offset */
    struct id before; /* older than this run; nil: from the newest on */
};

/* A page (page_rows.h), newest first. Of a runner, archived or not: no row at all when the project
 * has no such runner. */
extern const struct statement run_store_list;
extern const struct statement run_store_list_of_runner;
/* The same by keyset; the total is 0. */
extern const struct statement run_store_list_on;
extern const struct statement run_store_list_on_of_runner;
void run_store_list_params(struct params *p, const struct run_filter *filter);

#endif
