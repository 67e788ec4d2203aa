/* SPDX-License-Identifier: Apache-2.0
 *
 * What was read and not taken when a round ends is read again, so nothing is carried over but the
 * place in each lane.
 */
#include "queue_lanes.h"

#include <string.h>

#define PAGE_LANES 1024

int queue_lanes_init(struct queue_lanes *lanes, struct err *e)
{
    *lanes = (struct queue_lanes){0};
    lanes->lanes = calloc(QUEUE_LANES_MAX, sizeof(*lanes->lanes));
    lanes->projects = calloc(QUEUE_LANES_MAX, sizeof(*lanes->projects));
    lanes->runs = calloc(QUEUE_ROUND_RUNS, sizeof(*lanes->runs));
    if (lanes->lanes == NULL || lanes->projects == NULL || lanes->runs == NULL) {
        queue_lanes_done(lanes);
        return err_set(e, ERR_INTERNAL, "start the queue: out of memory");
    }
    return 0;
}

static void forget(struct queue_lanes *lanes)
{
    for (size_t i = 0; i < lanes->n; i++)
        free((void *)(uintptr_t)lanes->lanes[i].key.size.labels);
    lanes->n = 0;
    lanes->projects_n = 0;
    lanes->round_n = 0;
}

void queue_lanes_done(struct queue_lanes *lanes)
{
    forget(lanes);
    free(lanes->lanes);
    free(lanes->projects);
    free(lanes->runs);
    *lanes = (struct queue_lanes){0};
}

/* --- loading --- */

static int add_lane(struct queue_lanes *lanes, const struct queue_lane *key, struct err *e)
{
    struct lane_project *last =
        lanes->projects_n == 0 ? NULL : &lanes->projects[lanes->projects_n - 1];
    if (last == NULL || !id_equal(last->id, key->project)) {
        last = &lanes->projects[lanes->projects_n++];
        *last = (struct lane_project){.id = key->project, .first = lanes->n};
    }
    struct lane *lane = &lanes->lanes[lanes->n];
    *lane = (struct lane){.key = *key, .project = lanes->projects_n - 1, .has_more = true};
    lane->key.size.labels = strdup(key->size.labels);
    if (lane->key.size.labels == NULL)
        return err_set(e, ERR_INTERNAL, "remember a lane: out of memory");
    last->n++;
    lanes->n++;
    return 0;
}

static int load_page(struct queue_lanes *lanes, struct db *db, bool *ret_is_last, struct err *e)
{
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    const struct queue_lane *after = lanes->n == 0 ? NULL : &lanes->lanes[lanes->n - 1].key;
    queue_store_lanes_params(&p, lanes->region, after, PAGE_LANES);
    int r = db_run(db, &queue_store_lanes, &p, &rows, e);
    if (r < 0)
        return r;
    for (int row = 0; r == 0 && row < rows_count(rows); row++) {
        struct queue_lane key;
        queue_store_read_lane(rows, row, &key);
        r = add_lane(lanes, &key, e);
    }
    *ret_is_last = rows_count(rows) < PAGE_LANES || lanes->n >= QUEUE_LANES_MAX;
    return r;
}

static struct lane_project *find_project(const struct queue_lanes *lanes, struct id id)
{
    size_t low = 0;
    size_t high = lanes->projects_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(lanes->projects[middle].id.bytes, id.bytes, sizeof(id.bytes));
        if (order == 0)
            return &lanes->projects[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* One project is first whatever it uses. */
static int load_usage(struct queue_lanes *lanes, struct db *db, struct err *e)
{
    if (lanes->projects_n < 2)
        return 0;
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    params_init(&p, 64);
    params_add_id(&p, lanes->region);
    int r = db_run(db, &queue_store_usage, &p, &rows, e);
    for (int row = 0; r == 0 && row < rows_count(rows); row++) {
        struct lane_project *project = find_project(lanes, row_id(rows, row, 0));
        if (project != NULL)
            project->used_mb = row_i64(rows, row, 1, 0);
    }
    return r;
}

int queue_lanes_load(struct queue_lanes *lanes, struct db *db, struct id region, struct err *e)
{
    forget(lanes);
    lanes->region = region;
    bool is_last = false;
    int r = 0;
    while (r == 0 && !is_last)
        r = load_page(lanes, db, &is_last, e);
    return r < 0 ? r : load_usage(lanes, db, e);
}

/* --- reading --- */

/* Read the lanes of the round. */
static int read_round(struct queue_lanes *lanes, struct db *db, int64_t limit, struct err *e)
{
    struct queue_reading readings[QUEUE_READINGS_MAX];
    for (size_t i = 0; i < lanes->round_n; i++)
        readings[i] = (struct queue_reading){
            .lane = lanes->round[i]->key, .after = lanes->round[i]->after, .limit = limit};
    CLEANUP(params_done) struct params p;
    CLEANUP(rows_freep) struct rows *rows = NULL;
    queue_store_read_lanes_params(&p, lanes->region, readings, lanes->round_n);
    int r = db_run(db, &queue_store_read_lanes, &p, &rows, e);
    if (r < 0)
        return r;

    for (int row = 0; row < rows_count(rows); row++) {
        struct queued_run *run = &lanes->runs[row];
        queue_store_read_run(rows, row, run);
        struct lane *lane = lanes->round[run->reading];
        if (lane->n++ == 0)
            lane->runs = run;
    }
    for (size_t i = 0; i < lanes->round_n; i++)
        lanes->round[i]->has_more = lanes->round[i]->n == (size_t)limit;
    return 0;
}

static void end_round(struct queue_lanes *lanes)
{
    for (size_t i = 0; i < lanes->round_n; i++) {
        lanes->round[i]->has_more |= lanes->round[i]->n > 0;
        lanes->round[i]->n = 0;
    }
    lanes->round_n = 0;
}

static bool is_open(const struct lane *lane)
{
    return !lane->is_stuck && lane->has_more;
}

/* The project with the least use of those after the one with (`used_mb`, `at`); NULL: none. */
static struct lane_project *next_project(const struct queue_lanes *lanes, int64_t used_mb,
                                         const struct lane_project *at)
{
    struct lane_project *found = NULL;
    for (size_t i = 0; i < lanes->projects_n; i++) {
        struct lane_project *project = &lanes->projects[i];
        bool is_after = at == NULL || project->used_mb > used_mb ||
                        (project->used_mb == used_mb && project > at);
        if (is_after && (found == NULL || project->used_mb < found->used_mb))
            found = project;
    }
    return found;
}

static void join_round(struct queue_lanes *lanes, struct lane *lane)
{
    if (lanes->round_n < QUEUE_READINGS_MAX)
        lanes->round[lanes->round_n++] = lane;
    else if (lanes->projects[lane->project].used_mb < lanes->unread_used_mb)
        lanes->unread_used_mb = lanes->projects[lane->project].used_mb;
}

static void join_first_lanes(struct queue_lanes *lanes)
{
    for (size_t i = 0; i < lanes->n; i++)
        if (lanes->lanes[i].is_first && is_open(&lanes->lanes[i]))
            join_round(lanes, &lanes->lanes[i]);
}

/* One project more than there is room for, so that the least use of those left out is known. */
static void join_fair_lanes(struct queue_lanes *lanes)
{
    const struct lane_project *project = NULL;
    while (lanes->unread_used_mb == INT64_MAX) {
        project = next_project(lanes, project == NULL ? 0 : project->used_mb, project);
        if (project == NULL)
            break;
        for (size_t i = project->first; i < project->first + project->n; i++)
            if (is_open(&lanes->lanes[i]))
                join_round(lanes, &lanes->lanes[i]);
    }
}

int queue_lanes_read(struct queue_lanes *lanes, struct db *db, bool *ret_any, struct err *e)
{
    end_round(lanes);
    lanes->unread_used_mb = INT64_MAX;
    join_first_lanes(lanes);
    if (lanes->round_n == 0)
        join_fair_lanes(lanes);
    *ret_any = lanes->round_n > 0;
    if (lanes->round_n == 0)
        return 0;
    int64_t limit = QUEUE_ROUND_RUNS / (int64_t)lanes->round_n;
    return read_round(lanes, db, limit, e);
}

int queue_lanes_read_stuck(struct queue_lanes *lanes, struct db *db, struct err *e)
{
    end_round(lanes);
    for (size_t i = 0; i < lanes->n && lanes->round_n < QUEUE_READINGS_MAX; i++)
        if (lanes->lanes[i].is_stuck)
            lanes->round[lanes->round_n++] = &lanes->lanes[i];
    return lanes->round_n == 0 ? 0 : read_round(lanes, db, 1, e);
}

/* --- turns --- */

static bool is_before(const struct queued_run *a, const struct queued_run *b)
{
    if (a->place.queue_at_us != b->place.queue_at_us)
        return a->place.queue_at_us < b->place.queue_at_us;
    return memcmp(a->place.run.bytes, b->place.run.bytes, sizeof(a->place.run.bytes)) < 0;
}

/* Whether `lane` goes before `best`, both with something read. */
static bool is_due_before(const struct queue_lanes *lanes, const struct lane *lane,
                          const struct lane *best)
{
    if (best == NULL || lane->is_first != best->is_first)
        return best == NULL || lane->is_first;
    int64_t used = lanes->projects[lane->project].used_mb;
    int64_t best_used = lanes->projects[best->project].used_mb;
    if (used != best_used)
        return used < best_used;
    return is_before(lane->runs, best->runs);
}

/* `lane` was read to its end and there is more: its next run could go before `best`. */
static bool may_hide_next(const struct queue_lanes *lanes, const struct lane *lane,
                          const struct lane *best)
{
    if (!is_open(lane) || lane->n > 0 || (best != NULL && best->is_first))
        return false;
    return best == NULL ||
           lanes->projects[lane->project].used_mb <= lanes->projects[best->project].used_mb;
}

struct lane *queue_lanes_next(struct queue_lanes *lanes)
{
    struct lane *best = NULL;
    for (size_t i = 0; i < lanes->round_n; i++) {
        struct lane *lane = lanes->round[i];
        if (!lane->is_stuck && lane->n > 0 && is_due_before(lanes, lane, best))
            best = lane;
    }
    if (best != NULL && lanes->projects[best->project].used_mb > lanes->unread_used_mb)
        return NULL;
    for (size_t i = 0; i < lanes->round_n; i++)
        if (may_hide_next(lanes, lanes->round[i], best))
            return NULL;
    return best;
}

void queue_lanes_take(struct queue_lanes *lanes, struct lane *lane, bool is_placed)
{
    lane->after = lane->runs->place;
    lane->runs++;
    lane->n--;
    lane->is_first = false;
    if (is_placed)
        lanes->projects[lane->project].used_mb += lane->key.size.memory_mb;
}
