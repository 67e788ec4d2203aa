/* SPDX-License-Identifier: Apache-2.0
 *
 * Only the wish is stored; the scheduler chooses hypervisors, they report.
 */
#include "runners/runner_warmup.h"

#include "model/limits.h"
#include "store/runner_store.h"
#include "store/warm_store.h"

#include "bus.h"
#include "http/fields.h"
#include "http/reply.h"
#include "runners/runner_json.h"

static void reply_missing(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such runner");
}

static void on_runner(struct request *rq, const struct rows *rows)
{
    struct runner runner;
    if (rows_count(rows) == 0) {
        reply_missing(rq);
        return;
    }
    runner_store_read(rows, 0, &runner);
    reply_json(rq, 202, runner_answer(&runner));
}

static void on_asked(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_missing(rq);
        return;
    }
    bus_publish(rq->loop, BUS_WARM, (struct id){0});
    struct params p;
    runner_store_get_params(&p, rq->principal.project, rq->path_ids[0]);
    request_query(rq, &runner_store_get, &p, on_runner);
}

void runner_warmup(struct request *rq)
{
    static const struct field table[] = {
        {"hypervisors", FIELD_INT, .offset = offsetof(struct warm_request, hypervisors), .min = 1,
         .max = LIMIT_WARM_HYPERVISORS},
        {"pool", FIELD_INT, .offset = offsetof(struct warm_request, pool), .min = 0,
         .max = LIMIT_WARM_POOL},
    };
    json_t *body = request_json(rq, true);
    if (body == NULL)
        return;
    CLEANUP(fields_done) struct fields f;
    struct warm_request request = {.project = rq->principal.project,
                                   .runner = rq->path_ids[0],
                                   .hypervisors = 1,
                                   .seconds = LIMIT_WARM_SECONDS};
    fields_init(&f);
    fields_read(&f, "", body, table, ARRAY_LEN(table), &request);
    if (reply_if_problems(rq, &f.problems))
        return;
    struct params p;
    warm_store_ask_params(&p, &request);
    request_query(rq, &warm_store_ask, &p, on_asked);
}
