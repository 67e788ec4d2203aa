/* SPDX-License-Identifier: Apache-2.0
 *
 * When what of a run happened, and the trace that it is part of.
 */
#ifndef ERRAND_STORE_TRACE_STORE_H
#define ERRAND_STORE_TRACE_STORE_H

#include "store/db.h"
#include "store/run_store.h"

/* The trace of the first request that made the run stays. */
extern const struct statement trace_store_put;
void trace_store_put_params(struct params *p, struct id run, const char *traceparent);

/* One attempt; times are 0 while they are not known. Texts are borrowed from the rows. */
struct trace_attempt {
    struct id run;
    const char *traceparent; /* NULL: none was sent */
    const char *runner;      /* name */
    const char *image;
    const char *state; /* of the run */
    int64_t attempt;
    const char *hypervisor; /* NULL: none yet */
    int64_t created_us;     /* of the run */
    int64_t assigned_us;
    int64_t started_us;
    int64_t completed_us;
    int64_t pull_ms; /* -1 while not known */
    int64_t start_ms;
    const char *reason; /* why it ended; NULL: it did not */
    int64_t exit_code;  /* -1: none */
    int64_t log_lines;  /* declared; -1 while not known */
    int64_t log_stored;
    int64_t log_us; /* of the last append */
};

/* The attempts in order; none when there is no such run. A run that waits for its first has one
 * with `attempt` 0. */
extern const struct statement trace_store_list;
void trace_store_list_params(struct params *p, struct run_place place);
void trace_store_read(const struct rows *rows, int row, struct trace_attempt *ret_attempt);

#endif
