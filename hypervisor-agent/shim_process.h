/* SPDX-License-Identifier: Apache-2.0
 *
 * A shim as the agent sees it: started by this agent or found alive, told to stop, waited for. A
 * shim outlives its shim_process and the agent.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_SHIM_PROCESS_H
#define ERRAND_HYPERVISOR_AGENT_SHIM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct uv_loop_s;
struct shim_process;

/* The process is gone. Comes from the loop, at most once, never after shim_process_free(). */
typedef void shim_exit_fn(void *ctx);

struct shim_process_options {
    struct uv_loop_s *loop;
    const char *program; /* errand-shim */
    const char *run_dir;
    shim_exit_fn *on_exit;
    void *ctx;
};

/* Start a shim and give it `spec` (which is left as it is, holding secrets). */
int shim_process_start(const struct shim_process_options *options, const struct buf *spec,
                       struct shim_process **ret_shim, struct err *e) MUST_USE;

/* The spec as a file without a name, for a process to read from its beginning. */
int shim_process_spec_file(const struct buf *spec, int *ret_fd, struct err *e) MUST_USE;

/* The shim is another's from now on: a box's has become a run's. `run_dir` is taken over. */
void shim_process_pass(struct shim_process *shim, char *run_dir, shim_exit_fn *on_exit, void *ctx);

/* Follow the living shim `pid` that an earlier agent started.
 * Errors:  ERR_NOT_FOUND  it is gone */
int shim_process_adopt(const struct shim_process_options *options, pid_t pid,
                       struct shim_process **ret_shim, struct err *e) MUST_USE;

/* Clear up after a shim that died: `errand-shim --reap`. */
int shim_process_reap(const struct shim_process_options *options, struct shim_process **ret_shim,
                      struct err *e) MUST_USE;

/* Tell it "stop" or "kill"; again and again until it can hear. The last order given counts. */
void shim_process_order(struct shim_process *shim, const char *order);

/* Whether the process is gone. NULL is. */
bool shim_process_is_gone(const struct shim_process *shim);

/* CONT to wake it when somebody has stopped it, KILL when it does not do its work. */
void shim_process_signal(const struct shim_process *shim, int signo);

/* Stop looking at it; the shim itself is left alone. */
void shim_process_free(struct shim_process *shim);

#endif
