/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_hub.h"

#include "http/sse.h"
#include "logs/log_topic.h"
#include "loop.h"

#define RETRY_MS 1000
#define CLIENT_RETRY_MS 1000
#define PATIENCE_SLACK_MS 100 /* the database's clock decides */

static void wake(struct watch *watch)
{
    watch->on_change(watch);
}

static void on_retry(h2o_timeout_entry_t *entry)
{
    struct log_hub *hub = H2O_STRUCT_FROM_MEMBER(struct log_hub, retry_entry, entry);
    watch_each(hub->topics, wake);
}

static struct blob *keepalive_new(void)
{
    struct buf b;
    buf_init(&b, 64);
    sse_put_comment(&b, "keepalive");
    return blob_take(&b);
}

static struct blob *come_back_new(void)
{
    struct buf b;
    buf_init(&b, 64);
    sse_put_retry(&b, CLIENT_RETRY_MS);
    return blob_take(&b);
}

struct log_hub *log_hub_new(struct loop *loop)
{
    struct log_hub *hub = h2o_mem_alloc(sizeof(*hub));
    *hub = (struct log_hub){
        .loop = loop,
        .topics = watch_table_new(),
        .retry_entry = {.cb = on_retry},
        .keepalive = keepalive_new(),
        .come_back = come_back_new(),
    };
    h2o_timeout_init(loop->h2o.loop, &hub->beat, loop->config->keepalive_seconds * 1000U);
    h2o_timeout_init(loop->h2o.loop, &hub->retry, RETRY_MS);
    h2o_timeout_init(loop->h2o.loop, &hub->patience,
                     loop->config->log_wait_seconds * UINT64_C(1000) + PATIENCE_SLACK_MS);
    return hub;
}

void log_hub_free(struct log_hub *hub)
{
    if (hub == NULL)
        return;
    log_hub_drain(hub);
    h2o_timeout_unlink(&hub->retry_entry);
    h2o_timeout_dispose(hub->loop->h2o.loop, &hub->retry);
    h2o_timeout_dispose(hub->loop->h2o.loop, &hub->patience);
    h2o_timeout_dispose(hub->loop->h2o.loop, &hub->beat);
    watch_table_free(hub->topics);
    blob_unref(hub->keepalive);
    blob_unref(hub->come_back);
    free(hub);
}

void log_hub_on_run(struct log_hub *hub, struct id run)
{
    if (id_is_nil(run))
        watch_each(hub->topics, wake);
    else
        watch_changed(hub->topics, run);
}

void log_hub_on_pull(struct log_hub *hub, struct id run, struct pull_progress pull)
{
    struct watch *watch = watch_find(hub->topics, run);
    if (watch != NULL)
        log_topic_note_pull(watch, pull);
}

void log_hub_on_lines(struct log_hub *hub, struct id run, const struct log_passing *lines)
{
    struct watch *watch = watch_find(hub->topics, run);
    if (watch != NULL)
        log_topic_note_lines(watch, lines);
}

void log_hub_drain(struct log_hub *hub)
{
    watch_each(hub->topics, log_topic_drain);
}
