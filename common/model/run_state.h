/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a run as a table of rows {from, event, to}. What has no row is refused. The table in
 * docs/states.md is made of it.
 */
#ifndef ERRAND_MODEL_RUN_STATE_H
#define ERRAND_MODEL_RUN_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum run_state {
    RUN_PENDING,  /* waits for a hypervisor */
    RUN_ASSIGNED, /* given to a hypervisor, its container not started yet */
    RUN_RUNNING,
    RUN_SUCCEEDED,
    RUN_FAILED,
    RUN_CANCELED,
    RUN_STATE_COUNT
};

enum run_event {
    RUN_EVENT_ASSIGN,  /* the scheduler placed it */
    RUN_EVENT_REQUEUE, /* its hypervisor was lost before the start */
    RUN_EVENT_RETRY,   /* the attempt failed and its policy tries again */
    RUN_EVENT_START,   /* the container runs */
    RUN_EVENT_SUCCEED, /* exit code 0 */
    RUN_EVENT_FAIL,    /* any other end: exit code, timeout, no image, hypervisor lost */
    RUN_EVENT_CANCEL,  /* stopped by a user */
    RUN_EVENT_COUNT
};

/* The state after `event`. ERR_CONFLICT when `from` does not know the event. */
int run_state_next(enum run_state from, enum run_event event, enum run_state *ret_to,
                   struct err *e) MUST_USE;

struct run_state_rule {
    enum run_state from;
    enum run_event event;
    enum run_state to;
    const char *cause; /* who moves it, and when; Markdown */
};

/* All rows of the table. */
const struct run_state_rule *run_state_rules(size_t *ret_n);

bool run_state_is_final(enum run_state state);

/* "pending", "assigned", ...: the stored name. */
const char *run_state_name(enum run_state state);
int run_state_parse(const char *name, enum run_state *ret_state, struct err *e) MUST_USE;

/* What the public API says: an assigned run is still "pending" there. */
const char *run_state_public_name(enum run_state state);

const char *run_event_name(enum run_event event);

#endif
