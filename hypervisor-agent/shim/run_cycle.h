/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a run inside a shim, as a table: what each event does in each phase. Pure: the shim
 * carries the rows out.
 */
#ifndef ERRAND_SHIM_RUN_CYCLE_H
#define ERRAND_SHIM_RUN_CYCLE_H

#include <stdbool.h>

#include "model/reason.h"

enum run_phase {
    RUN_PHASE_WAITING,  /* a box; timer: it is not ready, or nobody wants it */
    RUN_PHASE_STARTING, /* timer: the start is too slow */
    RUN_PHASE_RUNNING,  /* timer: the run is too long */
    RUN_PHASE_STOPPING, /* the stop signal was sent; timer: the grace is over */
    RUN_PHASE_KILLING,  /* KILL was sent; timer: send it again */
    RUN_PHASE_DONE,
    RUN_PHASE_COUNT,
};

enum run_event {
    RUN_EVENT_READY, /* the box is complete */
    RUN_EVENT_GIVEN, /* the box has its run */
    RUN_EVENT_STARTED,
    RUN_EVENT_ENDED,
    RUN_EVENT_TIMER,
    RUN_EVENT_STOP,     /* asked to, with grace */
    RUN_EVENT_KILL,     /* asked to, at once */
    RUN_EVENT_LEASE,    /* nobody has renewed its lease: another may be started in its place */
    RUN_EVENT_SHUTDOWN, /* the shim got SIGTERM: the host goes down */
    RUN_EVENT_GIVE_UP,  /* KILL has not helped for long */
    RUN_EVENT_COUNT,
};

enum run_action {
    RUN_ACTION_NONE,
    RUN_ACTION_READY,  /* say so, set the timer to how long it may wait */
    RUN_ACTION_RUN,    /* note the start, set the timer to the run's timeout */
    RUN_ACTION_SIGNAL, /* send the stop signal, set the timer to the grace */
    RUN_ACTION_KILL,   /* KILL everything, set the timer to try again */
    RUN_ACTION_FINISH,
};

struct run_cycle_row {
    enum run_phase from;
    enum run_event event;
    enum run_phase to;
    enum run_action action;
    /* Why the run ends, unless an earlier row has said so; TERMINATION_EXITED = the sandbox tells.
     */
    enum termination_reason reason;
};

/* NULL: the event changes nothing in this phase. */
const struct run_cycle_row *run_cycle_find(enum run_phase from, enum run_event event);

#endif
