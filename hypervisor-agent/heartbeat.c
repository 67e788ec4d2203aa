/* SPDX-License-Identifier: Apache-2.0 */
#include "heartbeat.h"

#include "base/clock.h"
#include "base/log.h"
#include "host_facts.h"
#include "timer.h"

#include <stdlib.h>

/* Memory that was given is known to who gave it; that, and all else, can wait for others. */
#define CHANGE_MS 200

struct heartbeat {
    struct heartbeat_parts parts;
    struct timer *interval; /* owned; running once started */
    struct timer *soon;     /* owned */
    uint64_t told_mb;       /* used, as the last beat said */
};

static void beat(void *ctx)
{
    struct heartbeat *h = ctx;
    uint64_t used_mb = run_table_memory_mb(h->parts.runs);
    uint32_t total_mb = h->parts.mem_total_mb;
    const struct agent_event event = {
        .type = AGENT_EVENT_HEARTBEAT,
        .heartbeat = {.at_us = clock_now_us(),
                      .mem_total_mb = total_mb,
                      .mem_free_mb = used_mb < total_mb ? total_mb - (uint32_t)used_mb : 0,
                      .disk_free_bytes = host_facts_disk_free(h->parts.data_dir),
                      .runs = (uint32_t)run_table_count_live(h->parts.runs),
                      .images_cached = (uint32_t)image_store_count(h->parts.images)},
    };
    struct err e;
    h->told_mb = used_mb;
    if (event_outbox_put(h->parts.outbox, &event, &e) < 0)
        log_error("heartbeat.lost error=\"%s\"", e.msg);
}

struct heartbeat *heartbeat_new(const struct heartbeat_parts *parts)
{
    struct heartbeat *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return NULL;
    h->parts = *parts;
    h->interval = timer_new(parts->loop, beat, h);
    h->soon = timer_new(parts->loop, beat, h);
    if (h->interval == NULL || h->soon == NULL) {
        heartbeat_free(h);
        return NULL;
    }
    return h;
}

void heartbeat_free(struct heartbeat *h)
{
    if (h == NULL)
        return;
    timer_free(h->interval);
    timer_free(h->soon);
    free(h);
}

void heartbeat_start(struct heartbeat *h)
{
    timer_start_repeating(h->interval, h->parts.interval_seconds * 1000);
    timer_start(h->soon, 0);
}

/* Somebody may wait for memory that is free again. */
void heartbeat_change(struct heartbeat *h)
{
    bool is_freed = run_table_memory_mb(h->parts.runs) < h->told_mb;
    if (timer_is_running(h->interval) && (is_freed || !timer_is_running(h->soon)))
        timer_start(h->soon, is_freed ? 0 : CHANGE_MS);
}
