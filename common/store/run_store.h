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
struct id run_store_read_id(const struct rows *rows, int row);

/* Which run: the nil `runner` is any. */
struct run_place {
    struct id project;
    struct id runner;
    struct id run;
};

/* For statements that say so: one run. */
void run_store_place_params(struct params *p, struct run_place place);

#define RUN_GET_MAX 256 /* places in one statement */

/* A row for each run that is there, in no order: run_store_number() is its place's index. */
extern const struct statement run_store_get;
size_t run_store_number(const struct rows *rows, int row);
void run_store_get_params(struct params *p, const struct run_place *places, size_t n);

/* A pending run is canceled, one on a hypervisor is asked to stop, a final one is left alone. One
 * row: the run as it is then; none when there is no such run. Afterwards: BUS_RUN, and
 * BUS_HYPERVISOR when the run has one. */
extern const struct statement run_store_stop; /* run_store_place_params() */

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
