/* SPDX-License-Identifier: Apache-2.0
 *
 * What an assignment stream must say now: the runs a hypervisor has, less what this stream said
 * already.
 */
#ifndef ERRAND_API_ASSIGNMENT_LINES_H
#define ERRAND_API_ASSIGNMENT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/key_ring.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/assignment_store.h"

/* What a stream said about one attempt. */
struct told_run {
    struct id run;
    uint32_t attempt;
    bool work; /* the assignment */
    bool stop;
};

struct assignment_lines {
    struct told_run *told; /* owned; by run */
    size_t told_n;
    bool is_synced; /* the `sync` line was put */
};

/* A run that cannot be handed over: `why` may be shown to its owner. */
typedef void assignment_failed(void *user, const struct live_run *run, const struct err *why);

/* Append lines for the rows of assignment_store_live. True when more remain than one flush should
 * carry: read and put again once it has left. */
bool assignment_lines_put(struct assignment_lines *lines, struct buf *b, const struct rows *rows,
                          const struct key_ring *ring, assignment_failed *on_failed, void *user);

void assignment_lines_done(struct assignment_lines *lines);

#endif
