/* SPDX-License-Identifier: Apache-2.0
 *
 * The runners this hypervisor keeps warm: their images are pulled before they are needed, and stay
 * while the pin lasts, and the pool keeps as many sandboxes as the pin says. What is pinned is on
 * disk (pins.json), so that it stays through a restart of the agent, too. On the loop's thread.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_WARM_PINS_H
#define ERRAND_HYPERVISOR_AGENT_WARM_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "event_outbox.h"
#include "identity.h"
#include "images/image_puller.h"
#include "images/image_store.h"
#include "wire/warm_order.h"

struct uv_loop_s;
struct warm_pins;
struct warm_pool;

/* All borrowed for the life of the pins. */
struct warm_pins_parts {
    struct uv_loop_s *loop;
    const char *data_dir;
    const struct identity *identity;
    struct image_store *images;
    struct image_puller *puller;
    struct event_outbox *outbox;
    struct warm_pool *pool;
};

/* Reads what an earlier agent pinned. */
int warm_pins_open(const struct warm_pins_parts *parts, struct warm_pins **ret_pins,
                   struct err *e) MUST_USE;
void warm_pins_close(struct warm_pins *pins);

/* All that the API wants warm; what it does not name is given up. */
void warm_pins_take(struct warm_pins *pins, const struct warm_order *orders, size_t n);

/* A pin needs this image. */
bool warm_pins_need(const struct warm_pins *pins, const struct image *image);

#endif
