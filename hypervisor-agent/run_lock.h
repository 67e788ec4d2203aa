/* SPDX-License-Identifier: Apache-2.0
 *
 * The lock a shim holds on its run dir for as long as it lives. The kernel lets go of it when the
 * process dies, however it dies, so a free lock means: no shim.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_LOCK_H
#define ERRAND_HYPERVISOR_AGENT_RUN_LOCK_H

#include <stdbool.h>

#include "base/err.h"

#define RUN_LOCK_FILE "lock"

/* Take the lock of `run_dir` and hold it in `*ret_fd`. ERR_CONFLICT: a shim has it. */
int run_lock_take(const char *run_dir, int *ret_fd, struct err *e) MUST_USE;

/* The same, waiting for a shim that is being killed: what it has just forked holds its lock too,
 * until it executes something or is killed along. */
int run_lock_wait(const char *run_dir, int *ret_fd, struct err *e) MUST_USE;

/* Whether a shim holds it now. */
bool run_lock_is_held(const char *run_dir);

#endif
