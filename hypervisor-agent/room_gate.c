/* SPDX-License-Identifier: Apache-2.0 */
#include "room_gate.h"

#include "base/clock.h"
#include "base/log.h"
#include "host_facts.h"
#include "timer.h"

#include <stdlib.h>

/* Some files, and the beginning of a log; a log that grows beyond it makes its container wait. */
#define ROOM_BYTES (INT64_C(16) << 20)

#define LOOK_MS 500

struct room_gate {
    struct room_gate_parts parts;
    struct timer *timer; /* owned; runs while a run is held */
};

static bool has_room(const struct room_gate *gate)
{
    return host_facts_disk_free(gate->parts.data_dir) >= ROOM_BYTES;
}

static bool is_late(const struct run *run)
{
    int64_t held_us = clock_mono_us() - run->accepted_us;
    return held_us > CLOCK_US_PER_S * (int64_t)run->assignment.pull_timeout_seconds;
}

static void look(void *ctx)
{
    const struct room_gate *gate = ctx;
    bool is_open = has_room(gate);
    bool is_empty = true;
    struct run *run = run_table_first(gate->parts.runs);
    while (run != NULL) {
        struct run *next = run->next;
        bool is_held = run->is_held && run->life == LIFE_PULLING;
        if (is_held && (is_open || is_late(run))) {
            run->is_held = false;
            (is_open ? gate->parts.let_pass : gate->parts.turn_away)(run);
        } else if (is_held) {
            is_empty = false;
        }
        run = next;
    }
    if (is_empty)
        timer_stop(gate->timer);
}

struct room_gate *room_gate_new(const struct room_gate_parts *parts)
{
    struct room_gate *gate = calloc(1, sizeof(*gate));
    if (gate == NULL)
        return NULL;
    gate->parts = *parts;
    gate->timer = timer_new(parts->loop, look, gate);
    if (gate->timer == NULL) {
        free(gate);
        return NULL;
    }
    return gate;
}

void room_gate_free(struct room_gate *gate)
{
    if (gate == NULL)
        return;
    timer_free(gate->timer);
    free(gate);
}

bool room_gate_passes(struct room_gate *gate, struct run *run)
{
    if (has_room(gate))
        return true;
    log_warn("run.held run=%s attempt=%u reason=disk_full", ID_TEXT(run->id), run->attempt);
    run->is_held = true;
    if (!timer_is_running(gate->timer))
        timer_start_repeating(gate->timer, LOOK_MS);
    return false;
}
