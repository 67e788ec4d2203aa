/* SPDX-License-Identifier: Apache-2.0
 *
 * Ships spools to POST /agent/v1/logs: one request at a time, carrying frames of every run that has
 * something new in turn, so that a loud run does not hold up a quiet one; the next one is packed
 * while the API stores this one. The first lines after a pause go at once; small batches keep a
 * distance of LOG_SHIPPER_PACE_MS on average, so that they do not become many. What was not
 * acknowledged is read and sent again; when the API is away, later and later, with jitter.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_LOG_SHIPPER_H
#define ERRAND_HYPERVISOR_AGENT_LOG_SHIPPER_H

#include "control_client.h"
#include "log_source.h"

#define LOG_SHIPPER_PACE_MS 20

struct log_shipper;

struct log_shipper_callbacks {
    /* source->acked moved. The callback may remove sources. */
    void (*on_acked)(void *ctx, struct log_source *source);
    /* The API says that this attempt is not ours. The callback may remove sources. */
    void (*on_stale)(void *ctx, struct log_source *source);
    void *ctx;
};

/* NULL when out of memory. `client` is borrowed. */
struct log_shipper *log_shipper_new(struct uv_loop_s *loop, struct control_client *client,
                                    const struct log_shipper_callbacks *callbacks);
void log_shipper_free(struct log_shipper *shipper);

/* `source` is the caller's and stays where it is until removed. */
void log_shipper_add(struct log_shipper *shipper, struct log_source *source);
void log_shipper_remove(struct log_shipper *shipper, struct log_source *source);

/* There may be something new in this source. */
void log_shipper_wake(struct log_shipper *shipper, struct log_source *source);

/* Nothing under way, nothing known to be waiting. */
bool log_shipper_is_idle(const struct log_shipper *shipper);

#endif
