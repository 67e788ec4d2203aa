/* SPDX-License-Identifier: Apache-2.0
 *
 * The second to hold a run's deadline. The first is its shim, which needs no agent for it; should
 * somebody have stopped the shim, it is woken, and should it still not do its work, it is killed
 * and reaped as any shim that dies.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_GUARD_H
#define ERRAND_HYPERVISOR_AGENT_RUN_GUARD_H

#include <stdint.h>

#include "run_table.h"

struct uv_loop_s;
struct run_guard;

struct run_guard *run_guard_new(struct uv_loop_s *loop, const struct run_table *runs);
void run_guard_free(struct run_guard *guard);

/* The run's shim has `seconds` from now; what it had before is over. */
void run_guard_allow(struct run_guard *guard, struct run *run, uint32_t seconds);

/* It has at most `seconds` from now. */
void run_guard_shorten(struct run_guard *guard, struct run *run, uint32_t seconds);

/* It has until `mono_us` of the monotonic clock. */
void run_guard_until(struct run_guard *guard, struct run *run, int64_t mono_us);

#endif
