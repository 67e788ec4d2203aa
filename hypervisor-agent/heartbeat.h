/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells the API every few seconds, and whenever it changes, what this hypervisor has to give.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_HEARTBEAT_H
#define ERRAND_HYPERVISOR_AGENT_HEARTBEAT_H

#include <stdint.h>

#include "event_outbox.h"
#include "images/image_store.h"
#include "run_table.h"

struct uv_loop_s;
struct heartbeat;

/* All borrowed. */
struct heartbeat_parts {
    struct uv_loop_s *loop;
    struct event_outbox *outbox;
    const struct run_table *runs;
    const struct image_store *images;
    const char *data_dir;
    uint32_t interval_seconds;
    uint32_t mem_total_mb;
};

/* NULL when out of memory. Silent until started. */
struct heartbeat *heartbeat_new(const struct heartbeat_parts *parts);
void heartbeat_free(struct heartbeat *heartbeat);

void heartbeat_start(struct heartbeat *heartbeat);

/* Something of it has changed: one beat for all that changes soon after, at once when memory became
 * free. */
void heartbeat_change(struct heartbeat *heartbeat);

#endif
