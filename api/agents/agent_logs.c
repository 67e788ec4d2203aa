/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/agent_logs.h"

#include <string.h>

#include "model/limits.h"

#include "bus.h"
#include "http/reply.h"
#include "logs/log_batch.h"
#include "peers.h"

#define ANSWER_BYTES_MAX (1 << 20)

static void publish(void *user, struct id run)
{
    struct request *rq = user;
    bus_publish(rq->loop, BUS_LOG, run);
}

static void pass_on(void *user, struct id run, const struct log_passing *lines)
{
    struct request *rq = user;
    bus_publish_lines(rq->loop, run, lines);
    peers_send_lines(rq->loop->peers, run, lines);
}

/* Takes the batch. `err` is NULL when all was decided. */
static void finish(struct request *rq, struct log_batch *batch, const struct err *err)
{
    if (rq->req != NULL) /* the lines are the client's body, which goes with it */
        log_batch_each_passing(batch, pass_on, rq);
    log_batch_each_stored(batch, publish, rq);
    if (err != NULL) {
        reply_err(rq, err);
    } else {
        struct buf b;
        buf_init(&b, ANSWER_BYTES_MAX);
        log_batch_put_answer(batch, &b);
        reply_json_text(rq, 200, &b);
    }
    log_batch_free(batch);
}

static void on_appended(struct request *rq, const struct rows *rows, const struct err *err)
{
    struct log_batch *batch = rq->state;
    if (err == NULL)
        log_batch_settle(batch, rows);
    if (err == NULL)
        log_batch_count(batch, rq->loop->figures);
    finish(rq, batch, err);
}

static void append(struct request *rq, struct log_batch *batch)
{
    struct params p;
    log_batch_params(batch, rq->principal.hypervisor, &p);
    request_query_result(rq, &log_store_append, &p, on_appended);
}

static bool is_acceptable(struct request *rq)
{
    const char *type = request_header(rq, "content-type");
    if (request_body(rq).len > LIMIT_LOG_BATCH_BYTES) {
        reply_status(rq, 413, "too_large", "The body is larger than 1 MiB");
        return false;
    }
    if (type == NULL || strcasecmp(type, "application/octet-stream") != 0) {
        reply_status(rq, 415, "unsupported_media_type",
                     "Send log frames with the header Content-Type: application/octet-stream");
        return false;
    }
    return true;
}

void agent_logs(struct request *rq)
{
    struct err e;
    struct log_batch *batch;
    if (!is_acceptable(rq))
        return;
    h2o_iovec_t body = request_body(rq);
    if (log_batch_parse(body.base, body.len, &batch, &e) < 0) {
        reply_problem(rq, "body", e.msg);
        return;
    }
    rq->state = batch;
    if (log_batch_is_empty(batch))
        finish(rq, batch, NULL);
    else
        append(rq, batch);
}
