/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of one attempt on this hypervisor, as a table of rows {from, event, to, action}. What
 * has no row does not happen.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_LIFE_H
#define ERRAND_HYPERVISOR_AGENT_RUN_LIFE_H

#include <stdbool.h>

enum run_life {
    LIFE_PULLING,   /* its image is on the way */
    LIFE_STARTING,  /* its shim was started */
    LIFE_RUNNING,   /* its process runs */
    LIFE_FINISHED,  /* it is over here; neither its end nor all of its log is with the API */
    LIFE_REPORTED,  /* its end is with the API, lines are not */
    LIFE_SHIPPED,   /* its lines are with the API, its end is not */
    LIFE_CONDEMNED, /* no longer ours: being killed, reported to nobody */
    LIFE_LEAVING,   /* all is told; its shim still removes what the container wrote */
    LIFE_GONE,
    LIFE_COUNT
};

enum run_life_event {
    LIFE_EVENT_IMAGE_READY,
    LIFE_EVENT_FAILED, /* it cannot be started */
    LIFE_EVENT_STARTED,
    LIFE_EVENT_EXITED,       /* its exit record is there */
    LIFE_EVENT_STOP,         /* a user wants it stopped */
    LIFE_EVENT_STALE,        /* the API says that this attempt is not ours */
    LIFE_EVENT_END_ACKED,    /* the API has its end */
    LIFE_EVENT_LOG_COMPLETE, /* the API has its last line */
    LIFE_EVENT_SHIM_GONE,    /* there is no shim, or no more */
    LIFE_EVENT_COUNT
};

enum run_life_action {
    LIFE_ACTION_NONE,
    LIFE_ACTION_LAUNCH,
    LIFE_ACTION_REPORT_STARTED,
    LIFE_ACTION_REPORT_EXIT,
    LIFE_ACTION_REPORT_FAILURE,
    LIFE_ACTION_REPORT_CANCELED, /* give up the pull */
    LIFE_ACTION_STOP_SHIM,
    LIFE_ACTION_KILL_SHIM,
    LIFE_ACTION_LEAVE, /* wait for the shim to go */
    LIFE_ACTION_REMOVE,
    LIFE_ACTION_COUNT
};

struct run_life_row {
    enum run_life from;
    enum run_life_event event;
    enum run_life to;
    enum run_life_action action;
};

/* NULL when `from` does not know `event`. */
const struct run_life_row *run_life_next(enum run_life from, enum run_life_event event);

/* Its memory is taken: a container exists or will. */
bool run_life_holds_memory(enum run_life life);

const char *run_life_name(enum run_life life);
const char *run_life_event_name(enum run_life_event event);

#endif
