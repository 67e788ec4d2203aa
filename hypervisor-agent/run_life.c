/* SPDX-License-Identifier: Apache-2.0 */
#include "run_life.h"

#include "base/defer.h"

#include <stddef.h>

static const struct run_life_row rows[] = {
    {LIFE_PULLING, LIFE_EVENT_IMAGE_READY, LIFE_STARTING, LIFE_ACTION_LAUNCH},
    {LIFE_PULLING, LIFE_EVENT_FAILED, LIFE_FINISHED, LIFE_ACTION_REPORT_FAILURE},
    {LIFE_PULLING, LIFE_EVENT_STOP, LIFE_FINISHED, LIFE_ACTION_REPORT_CANCELED},
    {LIFE_PULLING, LIFE_EVENT_STALE, LIFE_GONE, LIFE_ACTION_REMOVE},

    {LIFE_STARTING, LIFE_EVENT_FAILED, LIFE_FINISHED, LIFE_ACTION_REPORT_FAILURE},
    {LIFE_STARTING, LIFE_EVENT_STARTED, LIFE_RUNNING, LIFE_ACTION_REPORT_STARTED},
    {LIFE_STARTING, LIFE_EVENT_EXITED, LIFE_FINISHED, LIFE_ACTION_REPORT_EXIT},
    {LIFE_STARTING, LIFE_EVENT_STOP, LIFE_STARTING, LIFE_ACTION_STOP_SHIM},
    {LIFE_STARTING, LIFE_EVENT_STALE, LIFE_CONDEMNED, LIFE_ACTION_KILL_SHIM},

    {LIFE_RUNNING, LIFE_EVENT_EXITED, LIFE_FINISHED, LIFE_ACTION_REPORT_EXIT},
    {LIFE_RUNNING, LIFE_EVENT_STOP, LIFE_RUNNING, LIFE_ACTION_STOP_SHIM},
    {LIFE_RUNNING, LIFE_EVENT_STALE, LIFE_CONDEMNED, LIFE_ACTION_KILL_SHIM},

    {LIFE_FINISHED, LIFE_EVENT_END_ACKED, LIFE_REPORTED, LIFE_ACTION_NONE},
    {LIFE_FINISHED, LIFE_EVENT_LOG_COMPLETE, LIFE_SHIPPED, LIFE_ACTION_NONE},
    {LIFE_FINISHED, LIFE_EVENT_STALE, LIFE_LEAVING, LIFE_ACTION_LEAVE},

    {LIFE_REPORTED, LIFE_EVENT_LOG_COMPLETE, LIFE_LEAVING, LIFE_ACTION_LEAVE},
    {LIFE_REPORTED, LIFE_EVENT_STALE, LIFE_LEAVING, LIFE_ACTION_LEAVE},

    {LIFE_SHIPPED, LIFE_EVENT_END_ACKED, LIFE_LEAVING, LIFE_ACTION_LEAVE},
    {LIFE_SHIPPED, LIFE_EVENT_STALE, LIFE_LEAVING, LIFE_ACTION_LEAVE},

    {LIFE_CONDEMNED, LIFE_EVENT_STARTED, LIFE_CONDEMNED, LIFE_ACTION_KILL_SHIM},
    {LIFE_CONDEMNED, LIFE_EVENT_EXITED, LIFE_LEAVING, LIFE_ACTION_LEAVE},
    {LIFE_CONDEMNED, LIFE_EVENT_FAILED, LIFE_LEAVING, LIFE_ACTION_LEAVE},

    {LIFE_LEAVING, LIFE_EVENT_SHIM_GONE, LIFE_GONE, LIFE_ACTION_REMOVE},
};

static const char *const life_names[] = {
    [LIFE_PULLING] = "pulling",     [LIFE_STARTING] = "starting", [LIFE_RUNNING] = "running",
    [LIFE_FINISHED] = "finished",   [LIFE_REPORTED] = "reported", [LIFE_SHIPPED] = "shipped",
    [LIFE_CONDEMNED] = "condemned", [LIFE_LEAVING] = "leaving",   [LIFE_GONE] = "gone",
};
_Static_assert(ARRAY_LEN(life_names) == LIFE_COUNT, "a name for each");

static const char *const event_names[] = {
    [LIFE_EVENT_IMAGE_READY] = "image_ready",
    [LIFE_EVENT_FAILED] = "failed",
    [LIFE_EVENT_STARTED] = "started",
    [LIFE_EVENT_EXITED] = "exited",
    [LIFE_EVENT_STOP] = "stop",
    [LIFE_EVENT_STALE] = "stale",
    [LIFE_EVENT_END_ACKED] = "end_acked",
    [LIFE_EVENT_LOG_COMPLETE] = "log_complete",
    [LIFE_EVENT_SHIM_GONE] = "shim_gone",
};
_Static_assert(ARRAY_LEN(event_names) == LIFE_EVENT_COUNT, "a name for each");

const struct run_life_row *run_life_next(enum run_life from, enum run_life_event event)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].from == from && rows[i].event == event)
            return &rows[i];
    return NULL;
}

bool run_life_holds_memory(enum run_life life)
{
    return life == LIFE_PULLING || life == LIFE_STARTING || life == LIFE_RUNNING ||
           life == LIFE_CONDEMNED;
}

const char *run_life_name(enum run_life life)
{
    return life_names[life];
}

const char *run_life_event_name(enum run_life_event event)
{
    return event_names[event];
}
