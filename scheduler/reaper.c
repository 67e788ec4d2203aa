/* SPDX-License-Identifier: Apache-2.0 */
#include "reaper.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/hypervisor_store.h"
#include "store/queue_store.h"

#include <inttypes.h>

/* A tick this late means that the process, or the database, was not there in between. */
#define TICK_LATE_US (5 * CLOCK_US_PER_S)

/* Leases end at least 2 s before we act (scheduler.c): a step that may go unnoticed is far less. */
#define STEP_US (250 * CLOCK_US_PER_MS)

void reaper_init(struct reaper *reaper, struct db *db, int64_t lost_after_s, int64_t lost_grace_s)
{
    int64_t now_us = clock_mono_us();
    *reaper = (struct reaper){
        .db = db,
        .lost_after_s = lost_after_s,
        .lost_grace_s = lost_grace_s,
        .observed_since_us = now_us,
        .last_tick_us = now_us,
    };
}

/* Run one of the statements about silence. */
static int run_silence(struct reaper *reaper, const struct statement *statement, int64_t limit_s,
                       struct rows **ret_rows, struct err *e)
{
    struct hypervisor_silence silence = {
        .observed_s = (reaper->last_tick_us - reaper->observed_since_us) / CLOCK_US_PER_S,
        .limit_s = limit_s,
    };
    CLEANUP(params_done) struct params p;
    hypervisor_store_silence_params(&p, &silence);
    return db_run(reaper->db, statement, &p, ret_rows, e);
}

/* Whether the database's clock, which said `database_us` between two moments, was set since the
 * last look. */
static bool was_clock_set(struct reaper *reaper, int64_t database_us, int64_t before_us,
                          int64_t after_us)
{
    int64_t least_us = database_us - after_us;
    int64_t most_us = database_us - before_us;
    bool was_set = reaper->knows_clock && (least_us > reaper->ahead_us[1] + STEP_US ||
                                           most_us < reaper->ahead_us[0] - STEP_US);
    reaper->knows_clock = true;
    reaper->ahead_us[0] = least_us;
    reaper->ahead_us[1] = most_us;
    return was_set;
}

static int observe(struct reaper *reaper, bool *ret_api_is_up, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int64_t before_us = clock_mono_us();
    int r = db_run(reaper->db, &hypervisor_store_api_is_up, NULL, &rows, e);
    if (r < 0)
        return r;

    int64_t now_us = clock_mono_us();
    bool was_set = was_clock_set(reaper, row_time_us(rows, 0, 1), before_us, now_us);
    if (was_set)
        log_warn("database.clock_set");
    *ret_api_is_up = row_bool(rows, 0, 0);
    if (!*ret_api_is_up || was_set || now_us - reaper->last_tick_us > TICK_LATE_US)
        reaper->observed_since_us = now_us;
    reaper->last_tick_us = now_us;
    return 0;
}

static int mark_lost(struct reaper *reaper, bool *changed, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = run_silence(reaper, &hypervisor_store_mark_lost, reaper->lost_after_s, &rows, e);
    if (r < 0)
        return r;
    for (int row = 0; row < rows_count(rows); row++) {
        log_warn("hypervisor.lost hypervisor=%s name=%s silent_s=%" PRId64,
                 ID_TEXT(row_id(rows, row, 0)), row_text(rows, row, 1), row_i64(rows, row, 2, 0));
        *changed = true;
    }
    return 0;
}

/* Tell whoever follows one of these runs. */
static int notify_runs(struct reaper *reaper, const struct rows *rows, struct err *e)
{
    size_t n = (size_t)rows_count(rows);
    CLEANUP(freep) struct id *ids = calloc(n, sizeof(*ids));
    if (ids == NULL)
        return err_set(e, ERR_INTERNAL, "notify of lost runs: out of memory");
    for (size_t i = 0; i < n; i++)
        ids[i] = row_id(rows, (int)i, 0);
    CLEANUP(params_done) struct params p;
    queue_store_notify_params(&p, "errand_run", ids, n);
    return db_run(reaper->db, &queue_store_notify, &p, NULL, e);
}

static int take_runs(struct reaper *reaper, const struct statement *statement, int64_t limit_s,
                     bool *changed, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = run_silence(reaper, statement, limit_s, &rows, e);
    if (r < 0 || rows_count(rows) == 0)
        return r;
    for (int row = 0; row < rows_count(rows); row++) {
        struct queue_lost_run lost;
        queue_store_read_lost(rows, row, &lost);
        log_warn("run.taken_back run=%s hypervisor=%s state=%s", ID_TEXT(lost.run),
                 ID_TEXT(lost.hypervisor), lost.state);
    }
    *changed = true;
    return notify_runs(reaper, rows, e);
}

int reaper_tick(struct reaper *reaper, bool *ret_fleet_changed, struct err *e)
{
    bool changed = false;
    bool api_is_up = false;
    int r = observe(reaper, &api_is_up, e);
    if (r == 0 && api_is_up) {
        r = mark_lost(reaper, &changed, e);
        if (r == 0)
            r = take_runs(reaper, &queue_store_requeue_silent, reaper->lost_after_s, &changed, e);
        if (r == 0)
            r = take_runs(reaper, &queue_store_fail_silent,
                          reaper->lost_after_s + reaper->lost_grace_s, &changed, e);
    }
    if (r == 0)
        *ret_fleet_changed = changed;
    return r;
}
