/* SPDX-License-Identifier: Apache-2.0
 *
 * A wake-up only says when to look: each look reads the run, one at a time a waiter, and a wake-up
 * during a look leads to another. h2o keeps the entries of one timeout in the order of their ends,
 * so there is one timeout for every number of seconds that anybody asked for.
 */
#include "runs/run_waiters.h"

#include "model/limits.h"

#include "http/reply.h"
#include "http/request.h"
#include "loop.h"
#include "runs/run_batches.h"
#include "runs/run_json.h"

#define BUCKETS 256 /* the last byte of an id is random */

struct waiter {
    struct run_waiters *owner; /* NULL once they are freed */
    struct request *rq;        /* a reference; this lives in its memory */
    struct run_place place;
    struct waiter *next;
    struct waiter **link; /* what points here */
    h2o_timeout_entry_t deadline;
    bool is_looking;
    bool look_again;
    bool is_over; /* answer whatever the next look sees */
};

struct run_waiters {
    struct loop *loop;
    struct waiter *buckets[BUCKETS];
    h2o_timeout_t timeouts[LIMIT_WAIT_SECONDS + 1]; /* by seconds; in use when not 0 ms */
};

struct run_waiters *run_waiters_new(struct loop *loop)
{
    struct run_waiters *waiters = h2o_mem_alloc(sizeof(*waiters));
    *waiters = (struct run_waiters){.loop = loop};
    return waiters;
}

static struct waiter **bucket_of(struct run_waiters *waiters, struct id run)
{
    return &waiters->buckets[run.bytes[sizeof(run.bytes) - 1]];
}

static void detach(struct waiter *w)
{
    if (w->owner == NULL)
        return;
    h2o_timeout_unlink(&w->deadline);
    *w->link = w->next;
    if (w->next != NULL)
        w->next->link = w->link;
    w->owner = NULL;
    request_unref(w->rq);
}

/* True when there is nothing left to wait for. */
static bool answer(struct waiter *w, const struct rows *rows, int row, const struct err *err)
{
    if (err != NULL) {
        reply_err(w->rq, err);
        return true;
    }
    if (row < 0) {
        reply_error(w->rq, ERR_NOT_FOUND, "There is no such run");
        return true;
    }
    struct run run;
    run_store_read(rows, row, &run);
    bool is_due = run_state_is_final(run.state) || w->is_over || w->rq->req == NULL;
    if (is_due)
        run_reply(w->rq, &run);
    return is_due;
}

static void on_look(struct request *rq, const struct rows *rows, int row, const struct err *err);

static void look(struct waiter *w)
{
    if (w->is_looking) {
        w->look_again = true;
        return;
    }
    w->is_looking = true;
    w->look_again = false;
    run_batches_get_result(w->rq, w->place, on_look);
}

static void on_look(struct request *rq, const struct rows *rows, int row, const struct err *err)
{
    struct waiter *w = rq->state;
    w->is_looking = false;
    if (answer(w, rows, row, err))
        detach(w);
    else if (w->look_again)
        look(w);
}

static void give_up(struct waiter *w)
{
    w->is_over = true;
    look(w);
}

static void on_deadline(h2o_timeout_entry_t *entry)
{
    give_up(H2O_STRUCT_FROM_MEMBER(struct waiter, deadline, entry));
}

static void set_deadline(struct waiter *w, int64_t seconds)
{
    h2o_loop_t *loop = w->owner->loop->h2o.loop;
    h2o_timeout_t *timeout = &w->owner->timeouts[seconds];
    if (timeout->timeout == 0)
        h2o_timeout_init(loop, timeout, (uint64_t)seconds * 1000);
    w->deadline.cb = on_deadline;
    h2o_timeout_link(loop, timeout, &w->deadline);
}

void run_waiters_add(struct run_waiters *waiters, struct request *rq, struct run_place place,
                     int64_t seconds)
{
    struct waiter *w = request_alloc(rq, sizeof(*w));
    struct waiter **bucket = bucket_of(waiters, place.run);
    *w = (struct waiter){
        .owner = waiters,
        .rq = request_ref(rq),
        .place = place,
        .next = *bucket,
        .link = bucket,
    };
    if (w->next != NULL)
        w->next->link = &w->next;
    *bucket = w;
    rq->state = w;
    rq->begun_us = 0;
    set_deadline(w, seconds);
    look(w); /* it may have ended before anybody listened */
}

static void for_each(struct run_waiters *waiters, void (*visit)(struct waiter *w))
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct waiter *next;
        for (struct waiter *w = waiters->buckets[i]; w != NULL; w = next) {
            next = w->next;
            visit(w);
        }
    }
}

void run_waiters_on_run(struct run_waiters *waiters, struct id run)
{
    if (id_is_nil(run)) {
        for_each(waiters, look);
        return;
    }
    for (struct waiter *w = *bucket_of(waiters, run); w != NULL; w = w->next) {
        if (id_equal(w->place.run, run))
            look(w);
    }
}

void run_waiters_drain(struct run_waiters *waiters)
{
    for_each(waiters, give_up);
}

void run_waiters_free(struct run_waiters *waiters)
{
    if (waiters == NULL)
        return;
    for_each(waiters, detach);
    for (size_t i = 0; i < ARRAY_LEN(waiters->timeouts); i++) {
        if (waiters->timeouts[i].timeout != 0)
            h2o_timeout_dispose(waiters->loop->h2o.loop, &waiters->timeouts[i]);
    }
    free(waiters);
}
