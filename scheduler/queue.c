/* SPDX-License-Identifier: Apache-2.0
 *
 * A round is read without locks, placed in memory and assigned in one statement that looks again; a
 * run that changed in between is simply missing from its answer, and its reservation is undone.
 */
#include "queue.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/counter_store.h"

#include "queue_notes.h"

#define ROUNDS_PER_PASS 16

int queue_init(struct queue *queue, struct db *db, struct fleet *fleet,
               const struct queue_options *options, struct err *e)
{
    *queue = (struct queue){.db = db, .fleet = fleet, .options = *options};
    int r = queue_lanes_init(&queue->lanes, e);
    if (r < 0)
        return r;
    queue->batch = calloc(1, sizeof(*queue->batch));
    return queue->batch == NULL ? err_set(e, ERR_INTERNAL, "start the queue: out of memory") : 0;
}

void queue_done(struct queue *queue)
{
    queue_lanes_done(&queue->lanes);
    holds_done(&queue->holds);
    free(queue->batch);
    queue->batch = NULL;
}

static bool is_lost_session(int r)
{
    return r == ERR_UNAVAILABLE || r == ERR_UNCERTAIN;
}

static struct placement_request request_of(const struct queue *queue, const struct lane *lane)
{
    return (struct placement_request){
        .region = queue->lanes.region,
        .memory_mb = lane->key.size.memory_mb,
        .cpu_milli = lane->key.size.cpu_milli,
        .labels = lane->key.size.labels,
    };
}

/* --- assigning --- */

static void release(struct queue *queue, size_t i)
{
    struct queue_batch *batch = queue->batch;
    fleet_release(queue->fleet, batch->hypervisors[i], batch->sizes[i]->memory_mb,
                  batch->sizes[i]->cpu_milli);
}

static int by_run(const void *a, const void *b)
{
    const struct queue_assignment *left = a;
    const struct queue_assignment *right = b;
    return memcmp(left->run.bytes, right->run.bytes, sizeof(left->run.bytes));
}

/* Give back what was reserved for items first..first+n that are not among the `assigned`. */
static void release_missing(struct queue *queue, size_t first, size_t n,
                            struct queue_assignment *assigned, size_t assigned_n)
{
    if (assigned_n == n)
        return;
    qsort(assigned, assigned_n, sizeof(*assigned), by_run);
    for (size_t i = first; i < first + n; i++)
        if (bsearch(&queue->batch->items[i], assigned, assigned_n, sizeof(*assigned), by_run) ==
            NULL)
            release(queue, i);
}

/* Each hypervisor is woken once, right behind the assignment; one whose run was gone looks in vain.
 */
static int assign_some(struct queue *queue, size_t first, size_t n, size_t *placed, struct err *e)
{
    struct queue_assignment assigned[QUEUE_ROUND_RUNS];
    struct id hypervisors[QUEUE_ROUND_RUNS];
    CLEANUP(params_done) struct params p;
    CLEANUP(params_done) struct params wake;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    for (size_t i = 0; i < n; i++)
        hypervisors[i] = queue->batch->items[first + i].hypervisor;
    queue_store_assign_params(&p, &queue->batch->items[first], n, &queue->options.leases);
    queue_store_notify_params(&wake, "errand_hypervisor", hypervisors, n);
    int r = db_run_with(queue->db, &queue_store_assign, &p, &queue_store_notify, &wake, &rows, e);
    if (r < 0)
        return r;
    size_t assigned_n = (size_t)rows_count(rows);
    for (size_t i = 0; i < assigned_n; i++) {
        queue_store_read_assigned(rows, (int)i, &assigned[i]);
        log_debug("run.assigned run=%s hypervisor=%s", ID_TEXT(assigned[i].run),
                  ID_TEXT(assigned[i].hypervisor));
    }
    release_missing(queue, first, n, assigned, assigned_n);
    *placed += assigned_n;
    return 0;
}

/* All in one statement; when that is refused, one by one, so that one bad row harms no other. */
static int assign_batch(struct queue *queue, size_t *placed, struct err *e)
{
    struct queue_batch *batch = queue->batch;
    int r = batch->n == 0 ? 0 : assign_some(queue, 0, batch->n, placed, e);
    if (r == 0 || is_lost_session(r))
        return r;

    for (size_t i = 0; i < batch->n; i++) {
        r = assign_some(queue, i, 1, placed, e);
        if (is_lost_session(r))
            return r;
        if (r < 0) {
            log_warn("run.assign_failed run=%s error=\"%s\"", ID_TEXT(batch->items[i].run), e->msg);
            release(queue, i);
        }
    }
    return 0;
}

/* --- placing --- */

static void count(struct queue *queue, const struct placement_decision *decision)
{
    queue->counts.placed++;
    queue->counts.placed_pin += decision->choice == PLACEMENT_PIN;
    queue->counts.placed_image += decision->choice == PLACEMENT_IMAGE;
    queue->counts.with_pin += decision->has_pin;
}

static void place(struct queue *queue, struct lane *lane, int64_t now_us)
{
    struct queue_batch *batch = queue->batch;
    struct placement_request request = request_of(queue, lane);
    request.runner = lane->runs->runner;
    request.image = lane->runs->image;
    request.now_us = now_us;
    struct placement_decision decision = placement_choose(queue->fleet, &request);
    if (decision.hypervisor == NULL) {
        lane->is_stuck = true;
        return;
    }
    count(queue, &decision);
    fleet_reserve(queue->fleet, decision.hypervisor, request.memory_mb, request.cpu_milli);
    warmth_note_image(fleet_warmth(queue->fleet), request.image, decision.hypervisor->id);
    batch->items[batch->n] = (struct queue_assignment){
        .run = lane->runs->place.run,
        .hypervisor = decision.hypervisor->id,
    };
    batch->hypervisors[batch->n] = decision.hypervisor;
    batch->sizes[batch->n] = &lane->key.size;
    batch->n++;
    queue_lanes_take(&queue->lanes, lane, true);
}

/* Read, place, assign. False in `ret_any` when nothing is left that might fit. */
static int pass_round(struct queue *queue, size_t *placed, bool *ret_any, struct err *e)
{
    int r = queue_lanes_read(&queue->lanes, queue->db, ret_any, e);
    if (r < 0 || !*ret_any)
        return r;
    int64_t now_us = clock_now_us();
    struct lane *lane;
    queue->batch->n = 0;
    while (queue->batch->n < QUEUE_ROUND_RUNS && (lane = queue_lanes_next(&queue->lanes)) != NULL)
        place(queue, lane, now_us);
    return assign_batch(queue, placed, e);
}

/* --- what does not fit --- */

/* Lanes whose size fits nowhere are not read, unless a hypervisor was kept free for one. */
static void find_stuck(struct queue *queue)
{
    for (size_t i = 0; i < queue->lanes.n; i++) {
        struct lane *lane = &queue->lanes.lanes[i];
        struct placement_request request = request_of(queue, lane);
        lane->is_first = holds_redeem(&queue->holds, queue->fleet, lane->key.project, &request);
        lane->is_stuck = placement_choose(queue->fleet, &request).hypervisor == NULL;
    }
}

static bool is_waiting(void *ctx, const struct hold *hold)
{
    const struct queue *queue = ctx;
    for (size_t i = 0; i < queue->lanes.n; i++) {
        const struct lane *lane = &queue->lanes.lanes[i];
        struct placement_request request = request_of(queue, lane);
        struct holds one = {.items = {*hold}, .n = 1};
        if (lane->is_stuck && holds_has(&one, lane->key.project, &request))
            return true;
    }
    return false;
}

/* Of the lanes whose heads are read: the one whose head has waited longest, if that is too long and
 * nothing is done for it; NULL: none. */
static struct lane *find_longest(struct queue *queue)
{
    struct lane *longest = NULL;
    for (size_t i = 0; i < queue->lanes.round_n; i++) {
        struct lane *lane = queue->lanes.round[i];
        struct placement_request request = request_of(queue, lane);
        if (lane->n > 0 && lane->runs->waited_us >= queue->options.hold_after_us &&
            !holds_has(&queue->holds, lane->key.project, &request) &&
            (longest == NULL || lane->runs->waited_us > longest->runs->waited_us))
            longest = lane;
    }
    return longest;
}

/* Keep a hypervisor free for a run that has waited for too long; one more a second. */
static int help_longest(struct queue *queue, struct err *e)
{
    struct lane *lane;
    holds_prune(&queue->holds, queue->fleet, queue->lanes.region, is_waiting, queue);
    int r = queue_lanes_read_stuck(&queue->lanes, queue->db, e);
    while (r == 0 && (lane = find_longest(queue)) != NULL) {
        struct placement_request request = request_of(queue, lane);
        if (holds_add(&queue->holds, queue->fleet, lane->key.project, &request)) {
            log_info("hypervisor.held run=%s memory_mb=%lld", ID_TEXT(lane->runs->place.run),
                     (long long)request.memory_mb);
            break;
        }
        lane->n = 0; /* nothing can be done for this one */
    }
    return r;
}

static int pass_region(struct queue *queue, enum queue_mode mode, const struct fleet_region *region,
                       struct queue_outcome *outcome, struct err *e)
{
    int r = queue_lanes_load(&queue->lanes, queue->db, region->id, e);
    if (r < 0)
        return r;
    find_stuck(queue);
    bool any = true;
    for (int round = 0; r == 0 && any && round < ROUNDS_PER_PASS; round++)
        r = pass_round(queue, &outcome->placed, &any, e);
    if (r < 0)
        return r;
    outcome->is_cut |= any;
    for (size_t i = 0; i < queue->lanes.n; i++)
        outcome->runs_wait |= queue->lanes.lanes[i].is_stuck;
    r = queue_notes_write(queue, mode, e);
    return r == 0 && mode == QUEUE_EXPLAIN ? help_longest(queue, e) : r;
}

/* Each call begins with another region, so that none waits for long while others are full. */
int queue_pass(struct queue *queue, enum queue_mode mode, struct queue_outcome *ret_outcome,
               struct err *e)
{
    struct queue_outcome outcome = {0};
    size_t n = 0;
    while (fleet_region_at(queue->fleet, n) != NULL)
        n++;
    for (size_t i = 0; i < n; i++) {
        const struct fleet_region *region = fleet_region_at(queue->fleet, (queue->region + i) % n);
        int r = pass_region(queue, mode, region, &outcome, e);
        if (r < 0)
            return r;
    }
    queue->region++;
    *ret_outcome = outcome;
    return 0;
}

int queue_write_counts(struct queue *queue, struct err *e)
{
    static const char *const names[] = {"placed", "placed_on_pin", "placed_by_image",
                                        "placed_with_pin"};
    const int64_t values[] = {queue->counts.placed, queue->counts.placed_pin,
                              queue->counts.placed_image, queue->counts.with_pin};
    if (queue->counts.placed == 0)
        return 0;
    queue->counts = (struct queue_counts){0};
    CLEANUP(params_done) struct params p;
    counter_store_add_params(&p, names, values, ARRAY_LEN(names));
    return db_run(queue->db, &counter_store_add, &p, NULL, e);
}
