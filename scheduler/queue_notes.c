/* SPDX-License-Identifier: Apache-2.0 */
#include "queue_notes.h"

#include <string.h>

#include "base/log.h"

/* The notes to be; one a size. */
struct notes {
    struct queue_note items[QUEUE_NOTES_MAX];
    char messages[QUEUE_NOTES_MAX][PLACEMENT_MESSAGE_BYTES];
    size_t n;
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211); /* FNV-1a */
    return hash;
}

static bool is_same_size(const struct queue_size *a, const struct queue_size *b)
{
    return a->memory_mb == b->memory_mb && a->cpu_milli == b->cpu_milli &&
           strcmp(a->labels, b->labels) == 0;
}

static bool has_size(const struct notes *notes, const struct queue_size *size)
{
    for (size_t i = 0; i < notes->n; i++)
        if (is_same_size(&notes->items[i].size, size))
            return true;
    return false;
}

static void add(struct notes *notes, const struct queue *queue, const struct lane *lane)
{
    struct placement_request request = {
        .region = queue->lanes.region,
        .memory_mb = lane->key.size.memory_mb,
        .cpu_milli = lane->key.size.cpu_milli,
        .labels = lane->key.size.labels,
    };
    struct placement_decision decision = placement_choose(queue->fleet, &request);
    if (decision.hypervisor != NULL) /* room came back: a run was gone when it was assigned */
        return;
    notes->items[notes->n] = (struct queue_note){
        .size = lane->key.size,
        .reason = pending_reason_name(decision.reason),
        .message = placement_message(&decision, &request, notes->messages[notes->n]),
    };
    notes->n++;
}

static void fingerprint(const struct notes *notes, struct queue_noted *ret_noted)
{
    uint64_t reasons = UINT64_C(14695981039346656037);
    uint64_t messages = reasons;
    for (size_t i = 0; i < notes->n; i++) {
        const struct queue_note *note = &notes->items[i];
        reasons = mix(reasons, &note->size.memory_mb, sizeof(note->size.memory_mb));
        reasons = mix(reasons, &note->size.cpu_milli, sizeof(note->size.cpu_milli));
        reasons = mix(reasons, note->size.labels, strlen(note->size.labels) + 1);
        reasons = mix(reasons, note->reason, strlen(note->reason) + 1);
        messages = mix(messages, note->message, strlen(note->message) + 1);
    }
    ret_noted->reasons = reasons;
    ret_noted->all = mix(reasons, &messages, sizeof(messages));
}

/* What was written last; of a region that is new, nothing that could be equal. */
static struct queue_noted *noted_of(struct queue *queue, struct id region)
{
    for (size_t i = 0; i < queue->noted_n; i++)
        if (id_equal(queue->noted[i].region, region))
            return &queue->noted[i];
    size_t at = queue->noted_n < QUEUE_REGIONS_NOTED ? queue->noted_n++ : 0;
    queue->noted[at] = (struct queue_noted){.region = region};
    return &queue->noted[at];
}

static int put(struct queue *queue, const struct notes *notes, struct err *e)
{
    CLEANUP(params_done) struct params p;
    queue_store_put_notes_params(&p, queue->lanes.region, notes->items, notes->n);
    int r = db_run(queue->db, &queue_store_put_notes, &p, NULL, e);
    if (r < 0 && r != ERR_UNAVAILABLE && r != ERR_UNCERTAIN) {
        log_warn("queue.explain_failed error=\"%s\"", e->msg);
        return 0;
    }
    return r;
}

int queue_notes_write(struct queue *queue, enum queue_mode mode, struct err *e)
{
    static struct notes notes; /* large; the scheduler has one thread */
    notes.n = 0;
    for (size_t i = 0; i < queue->lanes.n && notes.n < QUEUE_NOTES_MAX; i++) {
        const struct lane *lane = &queue->lanes.lanes[i];
        if (lane->is_stuck && !has_size(&notes, &lane->key.size))
            add(&notes, queue, lane);
    }
    struct queue_noted now;
    struct queue_noted *noted = noted_of(queue, queue->lanes.region);
    fingerprint(&notes, &now);
    bool is_news =
        noted->reasons != now.reasons || (mode == QUEUE_EXPLAIN && noted->all != now.all);
    if (!is_news)
        return 0;
    int r = put(queue, &notes, e);
    if (r == 0) {
        noted->reasons = now.reasons;
        noted->all = now.all;
    }
    return r;
}
