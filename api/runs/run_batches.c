/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_batches.h"

#include <assert.h>

#include "model/limits.h"
#include "store/run_trigger_store.h"

#include "db/db_batch.h"
#include "http/reply.h"

struct run_batches {
    struct db_batch *gets;
    struct db_batch *makes;
    struct db_batch *makes_once; /* with keys */
};

/* What is asked; in the request's memory. */
struct item {
    struct request *rq; /* a reference */
    run_batches_callback *on_row;
    run_batches_result_callback *on_result; /* instead */
    struct run_place place;
    const struct run_request *request;
};

static void on_item(void *of, const struct rows *rows, int row, const struct err *err)
{
    struct item *item = of;
    struct request *rq = item->rq;
    if (item->on_result != NULL)
        item->on_result(rq, rows, row, err);
    else if (err != NULL)
        reply_err(rq, err);
    else
        item->on_row(rq, rows, row);
    request_unref(rq);
}

static void get_params(struct params *p, void *const *items, size_t n)
{
    struct run_place places[RUN_GET_MAX];
    for (size_t i = 0; i < n; i++)
        places[i] = ((const struct item *)items[i])->place;
    run_store_get_params(p, places, n);
}

static void get_find_rows(const struct rows *rows, void *const *items, size_t n, int *row_of)
{
    (void)items;
    for (int row = 0; row < rows_count(rows); row++) {
        size_t i = run_store_number(rows, row);
        assert(i < n);
        row_of[i] = row;
    }
}

static const struct run_request *request_of(const void *item)
{
    return ((const struct item *)item)->request;
}

/* Of all that were asked for it is the first of its kind, whose id the row has. */
static const struct run_request *first_of(const struct rows *rows, int row, void *const *items,
                                          size_t n)
{
    struct id id = run_store_read_id(rows, row);
    size_t i = 0;
    while (i < n && !id_equal(request_of(items[i])->id, id))
        i++;
    assert(i < n);
    return request_of(items[i]);
}

static void make_find_rows(const struct rows *rows, void *const *items, size_t n, int *row_of)
{
    for (int row = 0; row < rows_count(rows); row++) {
        const struct run_request *first = first_of(rows, row, items, n);
        for (size_t i = 0; i < n; i++) {
            const struct run_request *request = request_of(items[i]);
            if (run_kinds_are_alike(request, first) &&
                run_trigger_store_is_made(rows, row, request->id))
                row_of[i] = row;
        }
    }
}

static void copy_requests(struct run_request *requests, void *const *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        requests[i] = *request_of(items[i]);
}

static void make_params(struct params *p, void *const *items, size_t n)
{
    struct run_request requests[RUN_TRIGGER_MAX];
    copy_requests(requests, items, n);
    run_trigger_store_make_params(p, requests, n);
}

static void make_once_params(struct params *p, void *const *items, size_t n)
{
    struct run_request requests[RUN_TRIGGER_MAX];
    copy_requests(requests, items, n);
    run_trigger_store_make_once_params(p, requests, n);
}

static const struct db_batch_kind kind_get = {
    .statement = &run_store_get,
    .in_flight = 2,
    .items_max = RUN_GET_MAX,
    .weight_max = RUN_GET_MAX,
    .params = get_params,
    .find_rows = get_find_rows,
    .on_item = on_item,
};

#define MAKE_KIND                                                                                  \
    .in_flight = 1, .linger_ms = 2, .items_max = RUN_TRIGGER_MAX, .weight_max = LIMIT_BODY_BYTES,  \
    .asks_alone = true, .find_rows = make_find_rows, .on_item = on_item

static const struct db_batch_kind kind_make = {
    .statement = &run_trigger_store_make,
    .params = make_params,
    MAKE_KIND,
};

static const struct db_batch_kind kind_make_once = {
    .statement = &run_trigger_store_make_once,
    .params = make_once_params,
    MAKE_KIND,
};

struct run_batches *run_batches_new(struct loop *loop)
{
    struct run_batches *batches = h2o_mem_alloc(sizeof(*batches));
    batches->gets = db_batch_new(loop->h2o.loop, loop->db, &kind_get);
    batches->makes = db_batch_new(loop->h2o.loop, loop->db, &kind_make);
    batches->makes_once = db_batch_new(loop->h2o.loop, loop->db, &kind_make_once);
    return batches;
}

void run_batches_free(struct run_batches *batches)
{
    if (batches == NULL)
        return;
    db_batch_free(batches->gets);
    db_batch_free(batches->makes);
    db_batch_free(batches->makes_once);
    free(batches);
}

static struct item *item_new(struct request *rq)
{
    struct item *item = request_alloc(rq, sizeof(*item));
    item->rq = request_ref(rq);
    return item;
}

static void get(struct item *item, struct run_place place)
{
    item->place = place;
    db_batch_add(item->rq->loop->runs->gets, item, 1);
}

void run_batches_get(struct request *rq, struct run_place place, run_batches_callback *on_row)
{
    struct item *item = item_new(rq);
    item->on_row = on_row;
    get(item, place);
}

void run_batches_get_result(struct request *rq, struct run_place place,
                            run_batches_result_callback *on_result)
{
    struct item *item = item_new(rq);
    item->on_result = on_result;
    get(item, place);
}

static size_t weight_of(const struct run_request *request)
{
    size_t n = request->argv != NULL ? strlen(request->argv) : 0;
    n += request->labels != NULL ? strlen(request->labels) : 0;
    for (size_t i = 0; i < request->env_n; i++)
        n += request->env[i].value_n;
    return n;
}

void run_batches_make(struct request *rq, const struct run_request *request,
                      run_batches_callback *on_row)
{
    struct item *item = item_new(rq);
    item->on_row = on_row;
    item->request = request;
    struct run_batches *batches = rq->loop->runs;
    db_batch_add(request->key != NULL ? batches->makes_once : batches->makes, item,
                 weight_of(request));
}
