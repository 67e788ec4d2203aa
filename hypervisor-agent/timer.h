/* SPDX-License-Identifier: Apache-2.0
 *
 * A timer of the event loop that is freed like any object.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_TIMER_H
#define ERRAND_HYPERVISOR_AGENT_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct timer;

typedef void timer_fn(void *ctx);

/* NULL when out of memory. Not running yet. */
struct timer *timer_new(struct uv_loop_s *loop, timer_fn *fn, void *ctx);

/* Call back once after `ms`; a running timer starts anew. */
void timer_start(struct timer *timer, uint64_t ms);

/* Call back every `ms`. */
void timer_start_repeating(struct timer *timer, uint64_t ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

/* From anywhere, its own callback included. The memory goes when the loop next turns. */
void timer_free(struct timer *timer);

#endif
