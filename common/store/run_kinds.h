/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests for runs, sorted by what they ask for: those that differ in nothing but the run's id,
 * its idempotency key and the values of its environment are of one kind. What a kind comes to is
 * found out once, however many runs it has.
 */
#ifndef ERRAND_STORE_RUN_KINDS_H
#define ERRAND_STORE_RUN_KINDS_H

#include "model/run.h"

#define RUN_KINDS_MAX 128 /* requests, and so kinds */

struct run_kind {
    struct run_request request; /* one of its requests */
    int64_t first;              /* its requests in `ids`, the first of all being 1 */
    int64_t last;
    size_t n;
};

struct run_kinds {
    size_t n;
    struct run_kind kinds[RUN_KINDS_MAX];
    struct id ids[RUN_KINDS_MAX]; /* of all requests, kind by kind */
    size_t at[RUN_KINDS_MAX];     /* which request each of them is of */
};

/* Whether the two are of one kind. */
bool run_kinds_are_alike(const struct run_request *a, const struct run_request *b);

/* `n` is at most RUN_KINDS_MAX. Borrows what the requests point to. */
void run_kinds_sort(const struct run_request *requests, size_t n, struct run_kinds *ret_kinds);

#endif
