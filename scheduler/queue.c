/* SPDX-License-Identifier: Apache-2.0
 *
 * A page is read without locks, placed in memory and assigned in one statement that looks again; a
 * run that changed in between is simply missing from its answer, and its reservation is undone.
 */
#include "queue.h"

#include "base/log.h"

#include "placement.h"

#include <string.h>

#define PAGES_PER_PASS 32
#define UNLIMITED INT32_MAX

_Static_assert(sizeof(*((struct queue_batch *)0)->messages) == PLACEMENT_MESSAGE_BYTES,
               "room for a message");

int queue_init(struct queue *queue, struct db *db, struct fleet *fleet, struct err *e)
{
    *queue = (struct queue){.db = db, .fleet = fleet};
    queue->batch.messages = calloc(QUEUE_REASONS_MAX, sizeof(*queue->batch.messages));
    if (queue->batch.messages == NULL)
        return err_set(e, ERR_INTERNAL, "start the queue: out of memory");
    return 0;
}

void queue_done(struct queue *queue)
{
    free(queue->batch.messages);
    queue->batch.messages = NULL;
}

static bool is_lost_session(int r)
{
    return r == ERR_UNAVAILABLE || r == ERR_UNCERTAIN;
}

static bool is_same(const char *stored, const char *text)
{
    return stored != NULL && strcmp(stored, text) == 0;
}

/* Remember why the run waits, if that is news. */
static void explain(struct queue_batch *batch, enum queue_mode mode, const struct queued_run *run,
                    const struct placement_request *request,
                    const struct placement_decision *decision)
{
    if (mode == QUEUE_FILL || batch->reasons_n == QUEUE_REASONS_MAX)
        return;

    const char *reason = pending_reason_name(decision->reason);
    bool is_known = is_same(run->pending_reason, reason);
    if (is_known && mode != QUEUE_EXPLAIN_ALL)
        return;

    char *message = placement_message(decision, request, batch->messages[batch->reasons_n]);
    if (is_known && is_same(run->pending_message, message))
        return;
    batch->reasons[batch->reasons_n++] =
        (struct queue_reason){.run = run->place.run, .reason = reason, .message = message};
}

static void place(struct queue *queue, enum queue_mode mode, const struct fleet_region *region,
                  const struct queued_run *run)
{
    struct queue_batch *batch = &queue->batch;
    struct placement_request request = {
        .region = region->id,
        .memory_mb = run->memory_mb,
        .cpu_milli = run->cpu_milli,
    };
    struct placement_decision decision = placement_choose(queue->fleet, &request);
    if (decision.hypervisor == NULL) {
        explain(batch, mode, run, &request, &decision);
        return;
    }
    fleet_reserve(decision.hypervisor, run->memory_mb);
    batch->items[batch->n] = (struct queue_assignment){
        .run = run->place.run,
        .hypervisor = decision.hypervisor->id,
    };
    batch->hypervisors[batch->n] = decision.hypervisor;
    batch->memory_mb[batch->n] = run->memory_mb;
    batch->n++;
}

static bool was_assigned(const struct rows *rows, struct id run)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct queue_assignment item;
        queue_store_read_assigned(rows, row, &item);
        if (id_equal(item.run, run))
            return true;
    }
    return false;
}

/* Give back what was reserved for items first..first+n of which `rows` (NULL: none) says nothing.
 */
static void release_missing(struct queue_batch *batch, size_t first, size_t n,
                            const struct rows *rows)
{
    if (rows != NULL && (size_t)rows_count(rows) == n)
        return;
    for (size_t i = first; i < first + n; i++)
        if (rows == NULL || !was_assigned(rows, batch->items[i].run))
            fleet_release(batch->hypervisors[i], batch->memory_mb[i]);
}

static int notify_assigned(struct queue *queue, const struct rows *rows, struct err *e)
{
    struct id hypervisors[QUEUE_PAGE_RUNS];
    size_t n = (size_t)rows_count(rows);
    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        struct queue_assignment item;
        queue_store_read_assigned(rows, (int)i, &item);
        hypervisors[i] = item.hypervisor;
        log_debug("run.assigned run=%s hypervisor=%s", ID_TEXT(item.run), ID_TEXT(item.hypervisor));
    }
    CLEANUP(params_done) struct params p;
    queue_store_notify_params(&p, "errand_hypervisor", hypervisors, n);
    return db_run(queue->db, &queue_store_notify, &p, NULL, e);
}

static int assign_some(struct queue *queue, size_t first, size_t n, size_t *placed, struct err *e)
{
    struct queue_batch *batch = &queue->batch;
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    queue_store_assign_params(&p, &batch->items[first], n);
    int r = db_run(queue->db, &queue_store_assign, &p, &rows, e);
    if (r < 0)
        return r;
    release_missing(batch, first, n, rows);
    *placed += (size_t)rows_count(rows);
    return notify_assigned(queue, rows, e);
}

/* All in one statement; when that is refused, one by one, so that one bad row harms no other. */
static int assign_batch(struct queue *queue, size_t *placed, struct err *e)
{
    struct queue_batch *batch = &queue->batch;
    int r = batch->n == 0 ? 0 : assign_some(queue, 0, batch->n, placed, e);
    if (r == 0 || is_lost_session(r))
        return r;

    for (size_t i = 0; i < batch->n; i++) {
        r = assign_some(queue, i, 1, placed, e);
        if (is_lost_session(r))
            return r;
        if (r < 0) {
            log_warn("run.assign_failed run=%s error=\"%s\"", ID_TEXT(batch->items[i].run), e->msg);
            release_missing(batch, i, 1, NULL);
        }
    }
    return 0;
}

static int write_reasons(struct queue *queue, struct err *e)
{
    struct queue_batch *batch = &queue->batch;
    if (batch->reasons_n == 0)
        return 0;
    CLEANUP(params_done) struct params p;
    queue_store_explain_params(&p, batch->reasons, batch->reasons_n);
    int r = db_run(queue->db, &queue_store_explain, &p, NULL, e);
    if (r < 0 && !is_lost_session(r)) {
        log_warn("queue.explain_failed error=\"%s\"", e->msg);
        return 0;
    }
    return r;
}

/* One page of a region; `after` moves to its end. True in `ret_is_last` when nothing is behind. */
static int pass_page(struct queue *queue, enum queue_mode mode, const struct fleet_region *region,
                     struct queue_place *after, struct queue_outcome *outcome, bool *ret_is_last,
                     struct err *e)
{
    struct queue_page page = {
        .region = region->id,
        .after = *after,
        .max_memory_mb = mode == QUEUE_FILL ? free_index_most_memory(&region->ready, 0) : UNLIMITED,
        .max_cpu_milli = mode == QUEUE_FILL ? free_index_most_cpu(&region->ready) : UNLIMITED,
        .limit = QUEUE_PAGE_RUNS,
    };
    *ret_is_last = true;
    if (page.max_memory_mb <= 0)
        return 0;

    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    queue_store_page_params(&p, &page);
    int r = db_run(queue->db, &queue_store_page, &p, &rows, e);
    if (r < 0)
        return r;

    queue->batch.n = 0;
    queue->batch.reasons_n = 0;
    for (int row = 0; row < rows_count(rows); row++) {
        struct queued_run run;
        queue_store_read(rows, row, &run);
        place(queue, mode, region, &run);
        *after = run.place;
    }
    size_t placed = 0;
    r = assign_batch(queue, &placed, e);
    if (r == 0)
        r = write_reasons(queue, e);
    outcome->placed += placed;
    outcome->passed_over += (size_t)rows_count(rows) - queue->batch.n;
    *ret_is_last = rows_count(rows) < QUEUE_PAGE_RUNS;
    return r;
}

int queue_pass(struct queue *queue, enum queue_mode mode, struct queue_outcome *ret_outcome,
               struct err *e)
{
    struct queue_outcome outcome = {0};
    size_t region_at = queue->is_cut ? queue->region : 0;
    struct queue_place after = queue->is_cut ? queue->after : QUEUE_PLACE_HEAD;
    enum queue_mode page_mode = queue->is_cut ? QUEUE_FILL : mode;
    queue->is_cut = false;

    const struct fleet_region *region;
    int pages = 0;
    while ((region = fleet_region_at(queue->fleet, region_at)) != NULL) {
        if (pages++ == PAGES_PER_PASS) {
            queue->is_cut = true;
            queue->region = region_at;
            queue->after = after;
            break;
        }
        bool is_last;
        int r = pass_page(queue, page_mode, region, &after, &outcome, &is_last, e);
        if (r < 0)
            return r;
        page_mode = QUEUE_FILL;
        if (is_last) {
            region_at++;
            after = QUEUE_PLACE_HEAD;
            page_mode = mode;
        }
    }
    outcome.is_cut = queue->is_cut;
    *ret_outcome = outcome;
    return 0;
}
