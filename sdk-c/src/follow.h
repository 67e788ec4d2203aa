/* SPDX-License-Identifier: Apache-2.0
 *
 * What a follow knows, between follow.c (connections) and follow_events.c (what they bring).
 */
#ifndef ERRAND_SDK_FOLLOW_H
#define ERRAND_SDK_FOLLOW_H

#include <errand/follow.h>

#include "sse.h"

/* Why the bytes of a connection are no longer wanted. */
enum follow_stop {
    FOLLOW_GO_ON = 0,
    FOLLOW_FINISHED = 1, /* the final state came, after every line */
    FOLLOW_STOPPED = 2,  /* a callback returned non-zero */
    FOLLOW_GAP = 3,      /* lines are missing: ask again */
    FOLLOW_FAULT = 4     /* what came makes no sense: ask again; `fault` says what */
};

struct follow {
    errand_follow_options options;
    errand_follow_result result;
    int64_t gap_at;     /* the first missing id of the last gap met; 0 = none */
    unsigned failures;  /* connections in a row that brought no event */
    errand_error fault; /* for FOLLOW_FAULT and FOLLOW_GAP */
};

/* An errand_sse_handler; `user` is a struct follow. Returns an enum follow_stop. */
int errand_follow_event(const struct errand_sse_event *event, void *user);

#endif
