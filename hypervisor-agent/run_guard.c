/* SPDX-License-Identifier: Apache-2.0
 *
 * One look a second at all runs, while there are any: what is guarded against is rare.
 */
#include "run_guard.h"

#include "base/clock.h"
#include "base/log.h"
#include "shim_process.h"
#include "timer.h"

#include <signal.h>
#include <stdlib.h>

#define LOOK_MS 1000

/* A shim that is late by this is woken ... */
#define WAKE_AFTER_US (2 * CLOCK_US_PER_S)

/* ... and by this killed: it has tried to kill for 30 s and to clean up for 20 s by then. */
#define KILL_AFTER_US (60 * CLOCK_US_PER_S)

struct run_guard {
    const struct run_table *runs;
    struct timer *timer; /* owned */
};

static void look_at(struct run *run, int64_t now_us)
{
    if (!run->is_overdue) {
        log_warn("shim.overdue run=%s attempt=%u", ID_TEXT(run->id), run->attempt);
        run->is_overdue = true;
    }
    shim_process_signal(run->shim, SIGCONT);
    if (now_us >= run->ends_by_us + KILL_AFTER_US)
        shim_process_signal(run->shim, SIGKILL);
}

static void look(void *ctx)
{
    const struct run_guard *guard = ctx;
    int64_t now_us = clock_mono_us();
    struct run *run = run_table_first(guard->runs);
    if (run == NULL)
        timer_stop(guard->timer);
    for (; run != NULL; run = run->next)
        if (run->ends_by_us != 0 && now_us >= run->ends_by_us + WAKE_AFTER_US &&
            run_life_holds_memory(run->life) && !shim_process_is_gone(run->shim))
            look_at(run, now_us);
}

struct run_guard *run_guard_new(struct uv_loop_s *loop, const struct run_table *runs)
{
    struct run_guard *guard = calloc(1, sizeof(*guard));
    if (guard == NULL)
        return NULL;
    guard->runs = runs;
    guard->timer = timer_new(loop, look, guard);
    if (guard->timer == NULL) {
        free(guard);
        return NULL;
    }
    return guard;
}

void run_guard_free(struct run_guard *guard)
{
    if (guard == NULL)
        return;
    timer_free(guard->timer);
    free(guard);
}

void run_guard_until(struct run_guard *guard, struct run *run, int64_t mono_us)
{
    run->ends_by_us = mono_us;
    run->is_overdue = false;
    if (!timer_is_running(guard->timer))
        timer_start_repeating(guard->timer, LOOK_MS);
}

void run_guard_allow(struct run_guard *guard, struct run *run, uint32_t seconds)
{
    run_guard_until(guard, run, clock_mono_us() + seconds * CLOCK_US_PER_S);
}

void run_guard_shorten(struct run_guard *guard, struct run *run, uint32_t seconds)
{
    int64_t by_us = clock_mono_us() + seconds * CLOCK_US_PER_S;
    if (run->ends_by_us == 0 || by_us < run->ends_by_us)
        run_guard_until(guard, run, by_us);
}
