/* SPDX-License-Identifier: Apache-2.0
 *
 * First this process, which is always known, then the installation.
 */
#include "metrics/metrics.h"

#include "metrics/gauges.h"
#include "metrics/process_series.h"

#include "http/reply.h"

#define TEXT_BYTES_MAX (16u << 20)

static void on_gauges(void *user, const struct buf *text)
{
    struct request *rq = user;
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    process_series_put(&b, rq->loop);
    if (text->len > 0)
        buf_add(&b, text->data, text->len);
    reply_bytes(rq, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
    request_unref(rq);
}

void metrics_get(struct request *rq)
{
    struct gauges_wait *wait = request_alloc(rq, sizeof(*wait));
    *wait = (struct gauges_wait){.callback = on_gauges, .user = request_ref(rq)};
    gauges_ask(rq->loop->gauges, wait);
}
