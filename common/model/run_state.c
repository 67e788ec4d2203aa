/* SPDX-License-Identifier: Apache-2.0 */
#include "model/run_state.h"

#include <string.h>

static const struct {
    enum run_state from;
    enum run_event event;
    enum run_state to;
} rules[] = {
    {RUN_PENDING, RUN_EVENT_ASSIGN, RUN_ASSIGNED},
    {RUN_PENDING, RUN_EVENT_FAIL, RUN_FAILED},
    {RUN_PENDING, RUN_EVENT_CANCEL, RUN_CANCELED},
    {RUN_ASSIGNED, RUN_EVENT_REQUEUE, RUN_PENDING},
    {RUN_ASSIGNED, RUN_EVENT_START, RUN_RUNNING},
    {RUN_ASSIGNED, RUN_EVENT_SUCCEED, RUN_SUCCEEDED},
    {RUN_ASSIGNED, RUN_EVENT_FAIL, RUN_FAILED},
    {RUN_ASSIGNED, RUN_EVENT_CANCEL, RUN_CANCELED},
    {RUN_RUNNING, RUN_EVENT_SUCCEED, RUN_SUCCEEDED},
    {RUN_RUNNING, RUN_EVENT_FAIL, RUN_FAILED},
    {RUN_RUNNING, RUN_EVENT_CANCEL, RUN_CANCELED},
};

static const char *const state_names[] = {
    [RUN_PENDING] = "pending",     [RUN_ASSIGNED] = "assigned", [RUN_RUNNING] = "running",
    [RUN_SUCCEEDED] = "succeeded", [RUN_FAILED] = "failed",     [RUN_CANCELED] = "canceled",
};
_Static_assert(ARRAY_LEN(state_names) == RUN_STATE_COUNT, "a name for every state");

static const char *const event_names[] = {
    [RUN_EVENT_ASSIGN] = "assign",   [RUN_EVENT_REQUEUE] = "requeue", [RUN_EVENT_START] = "start",
    [RUN_EVENT_SUCCEED] = "succeed", [RUN_EVENT_FAIL] = "fail",       [RUN_EVENT_CANCEL] = "cancel",
};
_Static_assert(ARRAY_LEN(event_names) == RUN_EVENT_COUNT, "a name for every event");

int run_state_next(enum run_state from, enum run_event event, enum run_state *ret_to, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].from == from && rules[i].event == event) {
            *ret_to = rules[i].to;
            return 0;
        }
    }
    return err_set(e, ERR_CONFLICT, "a run that is %s cannot %s", run_state_name(from),
                   run_event_name(event));
}

bool run_state_is_final(enum run_state state)
{
    return state == RUN_SUCCEEDED || state == RUN_FAILED || state == RUN_CANCELED;
}

const char *run_state_name(enum run_state state)
{
    return state_names[state];
}

int run_state_parse(const char *name, enum run_state *ret_state, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *ret_state = (enum run_state)i;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID, "'%.32s' is not a run state", name);
}

const char *run_state_public_name(enum run_state state)
{
    return state_names[state == RUN_ASSIGNED ? RUN_PENDING : state];
}

const char *run_event_name(enum run_event event)
{
    return event_names[event];
}
