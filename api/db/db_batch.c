/* SPDX-License-Identifier: Apache-2.0
 *
 * A statement that fails, and was for many, may have failed because of one of them: each is asked
 * for by itself then.
 *
 * Clients that wait for their answers come back together just after one, while others wait that
 * came meanwhile. Sent at once these would stay two halves for ever, and each would wait for the
 * commit of the other. So the next statement waits until as many are here as were then, or
 * `linger_ms` are over.
 */
#include "db/db_batch.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

struct entry {
    struct entry *next;
    void *item;
    size_t weight;
    bool is_alone; /* this time by itself */
};

struct entry_list {
    struct entry *first;
    struct entry **last;
};

struct db_batch {
    h2o_loop_t *loop;
    struct db_pipe *pipe;
    const struct db_batch_kind *kind;
    struct entry_list waiting;
    size_t waiting_n;
    size_t in_flight; /* statements */
    h2o_timeout_t tick;
    h2o_timeout_entry_t tick_entry;
    size_t expected; /* that wait, before `linger_until_us` */
    int64_t linger_until_us;
    h2o_timeout_t linger;
    h2o_timeout_entry_t linger_entry;
};

/* One statement. */
struct flight {
    struct db_batch *batch;
    size_t n;
    struct entry *entries[DB_BATCH_ITEMS_MAX]; /* owned */
    void *items[DB_BATCH_ITEMS_MAX];           /* theirs */
};

static void push(struct db_batch *batch, struct entry *entry)
{
    entry->next = NULL;
    *batch->waiting.last = entry;
    batch->waiting.last = &entry->next;
    batch->waiting_n++;
}

static struct entry *pop(struct db_batch *batch)
{
    struct entry *entry = batch->waiting.first;
    batch->waiting.first = entry->next;
    batch->waiting_n--;
    if (batch->waiting.first == NULL)
        batch->waiting.last = &batch->waiting.first;
    return entry;
}

static void tick_soon(struct db_batch *batch)
{
    if (!h2o_timeout_is_linked(&batch->tick_entry))
        h2o_timeout_link(batch->loop, &batch->tick, &batch->tick_entry);
}

static void finish(const struct db_batch *batch, struct entry *entry, const struct rows *rows,
                   int row, const struct err *err)
{
    void *item = entry->item;
    free(entry);
    batch->kind->on_item(item, rows, row, err);
}

static void ask_alone(struct db_batch *batch, struct entry *entry)
{
    entry->is_alone = true;
    push(batch, entry);
}

static void finish_all(struct flight *flight, const struct rows *rows)
{
    struct db_batch *batch = flight->batch;
    int row_of[DB_BATCH_ITEMS_MAX];
    memset(row_of, 0xff, sizeof(row_of)); /* -1 */
    batch->kind->find_rows(rows, flight->items, flight->n, row_of);
    for (size_t i = 0; i < flight->n; i++) {
        if (row_of[i] < 0 && batch->kind->asks_alone && flight->n > 1)
            ask_alone(batch, flight->entries[i]);
        else
            finish(batch, flight->entries[i], rows, row_of[i], NULL);
    }
}

/* A lost database is nobody's fault. */
static void fail_all(struct flight *flight, const struct err *err)
{
    bool may_be_one = flight->n > 1 && err->code != ERR_UNAVAILABLE && err->code != ERR_UNCERTAIN;
    for (size_t i = 0; i < flight->n; i++) {
        if (may_be_one)
            ask_alone(flight->batch, flight->entries[i]);
        else
            finish(flight->batch, flight->entries[i], NULL, -1, err);
    }
}

static void on_answer(void *user, const struct rows *rows, const struct err *err)
{
    struct flight *flight = user;
    struct db_batch *batch = flight->batch;
    batch->in_flight--;
    batch->expected = batch->waiting_n + flight->n;
    batch->linger_until_us = clock_mono_us() + batch->kind->linger_ms * CLOCK_US_PER_MS;
    if (err != NULL)
        fail_all(flight, err);
    else
        finish_all(flight, rows);
    free(flight);
    if (batch->waiting.first != NULL)
        tick_soon(batch);
}

/* Whether the next one that waits goes with those before it. */
static bool joins(const struct db_batch *batch, size_t n, size_t weight)
{
    const struct entry *entry = batch->waiting.first;
    if (entry == NULL || n == 0)
        return entry != NULL;
    return !entry->is_alone && n < batch->kind->items_max &&
           weight + entry->weight <= batch->kind->weight_max;
}

static void send_one(struct db_batch *batch)
{
    struct flight *flight = h2o_mem_alloc(sizeof(*flight));
    struct params p;
    size_t weight = 0;
    bool is_alone = false;
    flight->batch = batch;
    flight->n = 0;
    while (!is_alone && joins(batch, flight->n, weight)) {
        struct entry *entry = pop(batch);
        weight += entry->weight;
        is_alone = entry->is_alone;
        flight->items[flight->n] = entry->item;
        flight->entries[flight->n++] = entry;
    }
    batch->kind->params(&p, flight->items, flight->n);
    batch->in_flight++;
    db_pipe_run(batch->pipe, batch->kind->statement, &p, on_answer, flight);
}

static void send_all(struct db_batch *batch)
{
    while (batch->waiting.first != NULL && batch->in_flight < batch->kind->in_flight)
        send_one(batch);
}

static bool lingers(const struct db_batch *batch)
{
    return batch->kind->linger_ms > 0 && batch->waiting_n < batch->expected &&
           !batch->waiting.first->is_alone && clock_mono_us() < batch->linger_until_us;
}

static void on_tick(h2o_timeout_entry_t *entry)
{
    struct db_batch *batch = H2O_STRUCT_FROM_MEMBER(struct db_batch, tick_entry, entry);
    if (batch->waiting.first == NULL || batch->in_flight == batch->kind->in_flight)
        return;
    if (!lingers(batch))
        send_all(batch);
    else if (!h2o_timeout_is_linked(&batch->linger_entry))
        h2o_timeout_link(batch->loop, &batch->linger, &batch->linger_entry);
}

static void on_linger(h2o_timeout_entry_t *entry)
{
    struct db_batch *batch = H2O_STRUCT_FROM_MEMBER(struct db_batch, linger_entry, entry);
    send_all(batch);
}

struct db_batch *db_batch_new(h2o_loop_t *loop, struct db_pipe *pipe,
                              const struct db_batch_kind *kind)
{
    assert(kind->items_max <= DB_BATCH_ITEMS_MAX);
    struct db_batch *batch = h2o_mem_alloc(sizeof(*batch));
    *batch = (struct db_batch){.loop = loop, .pipe = pipe, .kind = kind};
    batch->waiting.last = &batch->waiting.first;
    h2o_timeout_init(loop, &batch->tick, 0);
    batch->tick_entry.cb = on_tick;
    h2o_timeout_init(loop, &batch->linger, (uint64_t)kind->linger_ms);
    batch->linger_entry.cb = on_linger;
    return batch;
}

void db_batch_free(struct db_batch *batch)
{
    if (batch == NULL)
        return;
    struct err err;
    (void)err_set(&err, ERR_UNAVAILABLE, "%s: shutting down", batch->kind->statement->name);
    while (batch->waiting.first != NULL)
        finish(batch, pop(batch), NULL, -1, &err);
    h2o_timeout_unlink(&batch->tick_entry);
    h2o_timeout_dispose(batch->loop, &batch->tick);
    h2o_timeout_unlink(&batch->linger_entry);
    h2o_timeout_dispose(batch->loop, &batch->linger);
    free(batch);
}

void db_batch_add(struct db_batch *batch, void *item, size_t weight)
{
    struct entry *entry = h2o_mem_alloc(sizeof(*entry));
    *entry = (struct entry){.item = item, .weight = weight};
    push(batch, entry);
    tick_soon(batch);
}
