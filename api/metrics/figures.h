/* SPDX-License-Identifier: Apache-2.0
 *
 * What one loop counts. Only its own thread writes, without a lock and without a locked
 * instruction; whoever is asked for metrics reads those of all loops.
 *
 * Every function takes NULL for "nobody counts".
 */
#ifndef ERRAND_API_FIGURES_H
#define ERRAND_API_FIGURES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURES_ROUTES_MAX 256 /* in the table of routes; the last stands for "none" */

enum figure {
    /* gauges */
    FIGURE_CONNECTIONS,
    FIGURE_REQUESTS,
    FIGURE_LOG_STREAMS,
    FIGURE_AGENT_STREAMS,
    FIGURE_STATEMENTS_OPEN,
    FIGURE_SESSIONS,
    /* counters */
    FIGURE_STATEMENT_FAILURES,
    FIGURE_LOG_LINES,
    FIGURE_LOG_BYTES,
    FIGURE_EVENTS_REFUSED,
    FIGURE_WARMED,
    FIGURE_WARM_FAILURES,
    FIGURE_COUNT,
};

enum timing {
    TIMING_CLIENT,    /* requests of users and programs; not streams, not those that wait */
    TIMING_AGENT,     /* requests of agents */
    TIMING_POST,      /* of those of clients: POST .../runs */
    TIMING_STATEMENT, /* from queued to answered */
    TIMING_LOG_LAG,   /* from printed, by the hypervisor's clock, to stored */
    TIMING_COUNT,
};

#define FIGURES_BUCKETS 16 /* the last has no upper bound */

struct timing_figures {
    _Atomic uint64_t buckets[FIGURES_BUCKETS]; /* not cumulative */
    _Atomic uint64_t sum_us;
};

enum answer_class {
    ANSWER_1XX,
    ANSWER_2XX,
    ANSWER_3XX,
    ANSWER_4XX,
    ANSWER_5XX,
    ANSWER_CLASS_COUNT,
};

struct figures {
    _Alignas(64) _Atomic int64_t values[FIGURE_COUNT];
    struct timing_figures timings[TIMING_COUNT];
    _Atomic uint64_t answers[FIGURES_ROUTES_MAX][ANSWER_CLASS_COUNT];
};

/* For `n` loops, all zero; free() it. The program aborts when there is no memory. */
struct figures *figures_new(size_t n);

void figures_add(struct figures *figures, enum figure figure, int64_t n);
void figures_time(struct figures *figures, enum timing timing, int64_t us);

/* `route` is its place in the table, or FIGURES_ROUTES_MAX - 1. */
void figures_answer(struct figures *figures, size_t route, int status);

/* Sums over `n` loops. */
int64_t figures_sum(const struct figures *all, size_t n, enum figure figure);
uint64_t figures_answers(const struct figures *all, size_t n, size_t route,
                         enum answer_class class);

struct timing_sum {
    uint64_t buckets[FIGURES_BUCKETS];
    uint64_t sum_us;
};
struct timing_sum figures_timing(const struct figures *all, size_t n, enum timing timing);

/* Upper bounds as metrics spell them, seconds: FIGURES_BUCKETS - 1 and "+Inf". */
extern const char *const figures_bounds[FIGURES_BUCKETS];

#endif
