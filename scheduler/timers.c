/* SPDX-License-Identifier: Apache-2.0 */
#include "timers.h"

#include "base/log.h"
#include "store/queue_store.h"

#define RUNS_PER_TICK 10000
#define RUNNERS_PER_SWEEP 1000

void timers_init(struct timers *timers, struct db *db)
{
    *timers = (struct timers){.db = db};
}

/* Run a statement that changes at most RUNS_PER_TICK runs, and tell whoever follows them. */
static int change(struct timers *timers, const struct statement *statement, size_t *ret_n,
                  struct err *e)
{
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    params_init(&p, 64);
    params_add_i64(&p, RUNS_PER_TICK);
    int r = db_run(timers->db, statement, &p, &rows, e);
    if (r < 0)
        return r;
    size_t n = (size_t)rows_count(rows);
    *ret_n = n;
    if (n == 0)
        return 0;

    CLEANUP(freep) struct id *ids = calloc(n, sizeof(*ids));
    if (ids == NULL)
        return err_set(e, ERR_INTERNAL, "notify of changed runs: out of memory");
    for (size_t i = 0; i < n; i++)
        ids[i] = row_id(rows, (int)i, 0);
    CLEANUP(params_done) struct params notice;
    queue_store_notify_params(&notice, "errand_run", ids, n);
    return db_run(timers->db, &queue_store_notify, &notice, NULL, e);
}

int timers_tick(struct timers *timers, bool *ret_added, struct err *e)
{
    size_t due = 0;
    size_t expired = 0;
    int r = change(timers, &queue_store_release_due, &due, e);
    if (r == 0)
        r = change(timers, &queue_store_expire, &expired, e);
    if (r == 0 && expired > 0)
        log_info("runs.pending_timeout runs=%zu", expired);
    if (r == 0 && due > 0)
        *ret_added = true;
    return r;
}

int timers_look(struct timers *timers, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(timers->db, &queue_store_some_are_held, NULL, &rows, e);
    if (r == 0)
        timers->some_are_held = row_bool(rows, 0, 0);
    return r;
}

static int admit(struct timers *timers, const struct statement *statement, const struct params *p,
                 struct id *ret_last, bool *ret_added, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(timers->db, statement, p, &rows, e);
    if (r < 0)
        return r;
    if (row_i64(rows, 0, 0, 0) > 0)
        *ret_added = true;
    *ret_last = row_id(rows, 0, 1);
    return 0;
}

int timers_admit_after(struct timers *timers, const struct id *runs, size_t n, bool *ret_added,
                       struct err *e)
{
    CLEANUP(params_done) struct params p;
    struct id last;
    queue_store_admit_after_params(&p, runs, n);
    return admit(timers, &queue_store_admit_after, &p, &last, ret_added, e);
}

int timers_sweep(struct timers *timers, bool *ret_added, struct err *e)
{
    CLEANUP(params_done) struct params p;
    queue_store_admit_all_params(&p, timers->admitted, RUNNERS_PER_SWEEP);
    return admit(timers, &queue_store_admit_all, &p, &timers->admitted, ret_added, e);
}
