/* SPDX-License-Identifier: Apache-2.0
 *
 * From an accepted assignment and an image that is here to a started shim.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_LAUNCHER_H
#define ERRAND_HYPERVISOR_AGENT_LAUNCHER_H

#include "base/err.h"
#include "identity.h"
#include "images/image.h"
#include "images/layer_store.h"
#include "run.h"
#include "run_spec.h"
#include "shim_process.h"

/* All borrowed for the life of the agent. */
struct launcher {
    struct uv_loop_s *loop;
    const struct identity *identity;
    const struct layer_store *layers;
    const char *shim; /* program */
    const char *init; /* program */
    enum driver_kind driver;
    const char *engine_socket;                  /* of DRIVER_DOCKER */
    const char *runtime;                        /* program; of DRIVER_OCI */
    const char *seccomp_bpf[RUN_SANDBOX_COUNT]; /* files, or NULL */
    const char *wake_socket;
    uint64_t disk_bytes;   /* ceiling of a run's writable layer; 0 = none */
    const char *bridge;    /* NULL = no container network here: runs that want it fail to start */
    const char *subnet;    /* of the bridge */
    const char *boxes_dir; /* where boxes wait for their runs */
    const char *cgroup_parent; /* of all runs' groups; NULL = the engine has its own */
    uint32_t start_timeout_seconds;
};

/* What a sandbox is made of, besides its image. */
struct sandbox_wish {
    uint32_t memory_mb;
    uint32_t cpu_milli;
    uint32_t pids_limit; /* 0 = the default */
    uint32_t shm_size_mb;
    bool read_only;
    enum run_network network;
    enum run_sandbox sandbox;
};

/* ERR_INVALID: the sandbox is not known. `wish` gets the two. */
int launcher_sandbox_parse(const char *network, const char *sandbox, struct sandbox_wish *wish,
                           struct err *e) MUST_USE;

/* The spec of a box: a sandbox without a run, named after `box`. `ret_spec` was initialised. */
int launcher_box_spec(const struct launcher *launcher, struct id box, const struct image *image,
                      const struct sandbox_wish *wish, struct run_spec *ret_spec,
                      struct err *e) MUST_USE;

/* The spec of a run, with its secrets.
 *
 * In:      lease_ms    1.. or LEASE_WITHOUT_END
 * Out:     ret_spec    was initialised
 *          ret_reason  on failure: what to report
 */
int launcher_run_spec(const struct launcher *launcher, const struct run *run,
                      const struct image *image, uint32_t lease_ms, struct run_spec *ret_spec,
                      enum termination_reason *ret_reason, struct err *e) MUST_USE;

/* Make the run dir, start the shim and put it into `run->shim`. */
int launcher_start(const struct launcher *launcher, struct run *run, const struct run_spec *spec,
                   shim_exit_fn *on_exit, struct err *e) MUST_USE;

/* "SIGTERM", "TERM" or "15". ERR_INVALID. */
int launcher_signal_parse(const char *text, int *ret_signal, struct err *e) MUST_USE;

#endif
