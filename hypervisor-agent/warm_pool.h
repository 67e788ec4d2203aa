/* SPDX-License-Identifier: Apache-2.0
 *
 * Sandboxes that wait: for each runner that wants some, N boxes made ahead, so that a run of it
 * only has to be executed. A box holds nothing of any run until it is given to one, serves that one
 * and goes with it; one that nobody wanted for pool_seconds is replaced. What an earlier agent left
 * is removed, not used: nobody remembers what it was made from.
 *
 * Boxes count as nobody's memory: what waits uses next to none, and the run that gets the box has
 * its own reserved by then. On the loop's thread.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_WARM_POOL_H
#define ERRAND_HYPERVISOR_AGENT_WARM_POOL_H

#include <stdbool.h>

#include "base/err.h"
#include "images/image_store.h"
#include "launcher.h"
#include "run.h"

struct warm_pool;

/* All borrowed for the life of the pool. */
struct warm_pool_parts {
    const struct launcher *launcher;
    const struct image_store *images;
    uint32_t seconds; /* a box may wait; 1.. */
    uint32_t max;     /* boxes of all runners together; 0 = there are none */
};

int warm_pool_new(const struct warm_pool_parts *parts, struct warm_pool **ret_pool,
                  struct err *e) MUST_USE;

/* Boxes that still wait are left to the next agent: warm_pool_drain() first. NULL is allowed. */
void warm_pool_free(struct warm_pool *pool);

/* Remove what an earlier agent left: after its runs were adopted. */
void warm_pool_start(struct warm_pool *pool);

/* Keep `n` boxes of the image `reference` (as image_reference_format() spells it) for `runner`, as
 * long as it has `digest`. Boxes made otherwise go. */
void warm_pool_want(struct warm_pool *pool, struct id runner, uint32_t n,
                    const struct sandbox_wish *wish, const char *reference, const char *digest);

/* Keep none. */
void warm_pool_drop(struct warm_pool *pool, struct id runner);

/* Start `run` in a box that waits for its runner. False: there is none that fits, start it another
 * way. */
bool warm_pool_give(struct warm_pool *pool, struct run *run, const struct run_spec *spec,
                    shim_exit_fn *on_exit);

/* The box says that it is ready. */
void warm_pool_wake(struct warm_pool *pool, struct id box);

/* Whether the control group `name` is a box's. */
bool warm_pool_knows(const struct warm_pool *pool, const char *name);

/* End all, make no more. */
void warm_pool_drain(struct warm_pool *pool);
bool warm_pool_is_empty(const struct warm_pool *pool);

#endif
