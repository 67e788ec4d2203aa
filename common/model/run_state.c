/* SPDX-License-Identifier: Apache-2.0 */
#include "model/run_state.h"

#include <string.h>

static const struct run_state_rule rules[] = {
    {RUN_PENDING, RUN_EVENT_ASSIGN, RUN_ASSIGNED, "the scheduler placed it; counts `attempt` up"},
    {RUN_PENDING, RUN_EVENT_FAIL, RUN_FAILED,
     "the scheduler: it waited longer than `pending_timeout_seconds`"},
    {RUN_PENDING, RUN_EVENT_CANCEL, RUN_CANCELED,
     "a user stopped it; or `on_overlap` skipped or replaced it"},
    {RUN_ASSIGNED, RUN_EVENT_REQUEUE, RUN_PENDING,
     "the scheduler: its hypervisor was silent for `lost_after_seconds` and had not said that it "
     "started"},
    {RUN_ASSIGNED, RUN_EVENT_RETRY, RUN_PENDING,
     "the agent: no image, no container, and its policy tries again"},
    {RUN_ASSIGNED, RUN_EVENT_START, RUN_RUNNING, "the agent: the process runs"},
    {RUN_ASSIGNED, RUN_EVENT_SUCCEED, RUN_SUCCEEDED,
     "the agent: a run so short that start and end came together"},
    {RUN_ASSIGNED, RUN_EVENT_FAIL, RUN_FAILED, "the agent: no image, no container"},
    {RUN_ASSIGNED, RUN_EVENT_CANCEL, RUN_CANCELED,
     "the agent stopped it before it started; or the scheduler, when a stop was asked for and the "
     "hypervisor was lost"},
    {RUN_RUNNING, RUN_EVENT_RETRY, RUN_PENDING,
     "the agent, or the scheduler when the hypervisor is lost: it failed and its policy tries "
     "again"},
    {RUN_RUNNING, RUN_EVENT_SUCCEED, RUN_SUCCEEDED, "the agent: exit code 0"},
    {RUN_RUNNING, RUN_EVENT_FAIL, RUN_FAILED,
     "the agent: any other end; or the scheduler: `hypervisor_lost`"},
    {RUN_RUNNING, RUN_EVENT_CANCEL, RUN_CANCELED,
     "the agent: a stop was asked for, whatever the exit code"},
};

static const char *const state_names[] = {
    [RUN_PENDING] = "pending",     [RUN_ASSIGNED] = "assigned", [RUN_RUNNING] = "running",
    [RUN_SUCCEEDED] = "succeeded", [RUN_FAILED] = "failed",     [RUN_CANCELED] = "canceled",
};
_Static_assert(ARRAY_LEN(state_names) == RUN_STATE_COUNT, "a name for every state");

static const char *const event_names[] = {
    [RUN_EVENT_ASSIGN] = "assign", [RUN_EVENT_REQUEUE] = "requeue", [RUN_EVENT_RETRY] = "retry",
    [RUN_EVENT_START] = "start",   [RUN_EVENT_SUCCEED] = "succeed", [RUN_EVENT_FAIL] = "fail",
    [RUN_EVENT_CANCEL] = "cancel",
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

const struct run_state_rule *run_state_rules(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(rules);
    return rules;
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
