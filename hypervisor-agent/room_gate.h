/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds runs back while the disk has no room for what a run writes by itself: without it, a
 * hypervisor whose disk is full would fail every run it is given, fast, and be given all of them.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_ROOM_GATE_H
#define ERRAND_HYPERVISOR_AGENT_ROOM_GATE_H

#include <stdbool.h>

#include "run_table.h"

struct uv_loop_s;
struct room_gate;

struct room_gate_parts {
    struct uv_loop_s *loop;
    const char *data_dir;         /* whose disk it is */
    const struct run_table *runs; /* of which some are held */
    void (*let_pass)(struct run *run);
    void (*turn_away)(struct run *run); /* it has waited for as long as its pull may take */
};

/* All parts are borrowed. NULL when out of memory. */
struct room_gate *room_gate_new(const struct room_gate_parts *parts);
void room_gate_free(struct room_gate *gate);

/* False: there is no room; one of the callbacks will be called, while the run's life is PULLING. */
bool room_gate_passes(struct room_gate *gate, struct run *run);

#endif
