/* SPDX-License-Identifier: Apache-2.0
 *
 * Events on their way to POST /agent/v1/events: sent at once when idle, else with the next batch,
 * and again until each was answered. Nothing here is on disk: what must not be lost can be told
 * again from the run dirs.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_EVENT_OUTBOX_H
#define ERRAND_HYPERVISOR_AGENT_EVENT_OUTBOX_H

#include <stdbool.h>

#include "control_client.h"
#include "wire/agent_event.h"

struct event_outbox;

/* The API's last word on an event: taken, or refused for good (`code` says why). */
typedef void event_answer_fn(void *ctx, enum agent_event_type type, struct id run_id,
                             uint32_t attempt, bool ok, const char *code);

/* NULL when out of memory. `client` is borrowed. */
struct event_outbox *event_outbox_new(struct uv_loop_s *loop, struct control_client *client,
                                      event_answer_fn *on_answer, void *ctx);
void event_outbox_free(struct event_outbox *outbox);

/* Queue an event; its seq is given here. A heartbeat, a `pulling` or a `usage` takes the place of
 * an older one that is still waiting. ERR_UNAVAILABLE when out of memory. */
int event_outbox_put(struct event_outbox *outbox, const struct agent_event *event,
                     struct err *e) MUST_USE;

/* Drop what waits of this attempt; answers to what is under way are not told. */
void event_outbox_forget(struct event_outbox *outbox, struct id run_id, uint32_t attempt);

/* When the request whose answer is being told was sent; monotonic. */
int64_t event_outbox_sent_us(const struct event_outbox *outbox);

bool event_outbox_is_empty(const struct event_outbox *outbox);

#endif
