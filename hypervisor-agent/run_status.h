/* SPDX-License-Identifier: Apache-2.0
 *
 * What a living shim says about its run: `status.json` in the run dir, replaced in one step, not
 * fsynced. It is written before anything outside the run dir is made, so that a reaper can find
 * what a dead shim left.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_STATUS_H
#define ERRAND_HYPERVISOR_AGENT_RUN_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "driver_kind.h"
#include "run_spec.h"

#define RUN_STATUS_FILE "status.json"
#define RUN_STATUS_CGROUP_BYTES 256
#define RUN_STATUS_SOCKET_BYTES 256

enum run_status_state {
    RUN_STATUS_WAITING, /* a box that is ready for a run */
    RUN_STATUS_CREATED, /* the container is being made */
    RUN_STATUS_RUNNING, /* the process was executed */
    RUN_STATUS_COUNT,
};

struct run_status {
    struct id run;
    uint32_t attempt;             /* RUN_SPEC_BOX while nobody's */
    char box[RUN_BOX_NAME_BYTES]; /* what the container is named after, if not after the run; "" */
    enum run_status_state state;
    pid_t pid;               /* of the shim */
    int64_t started_at_us;   /* 0 until running */
    uint32_t start_ms;       /* from the shim's start to the process's; 0 until running */
    int64_t ends_by_us;      /* monotonic: timeout and grace are over then; 0 until running */
    enum driver_kind driver; /* these three as in the spec */
    char cgroup[RUN_STATUS_CGROUP_BYTES];
    char engine_socket[RUN_STATUS_SOCKET_BYTES]; /* "" = none */
};

/* The first status of what the calling process begins. ERR_INVALID: the spec's paths are too long.
 */
int run_status_init(struct run_status *status, const struct run_spec *spec, struct err *e) MUST_USE;

/* Read <run_dir>/status.json. ERR_NOT_FOUND: the shim has not come so far (or the file is empty).
 */
int run_status_read(const char *run_dir, struct run_status *ret_status, struct err *e) MUST_USE;

/* Write it, by rename, without fsync. */
int run_status_write(const char *run_dir, const struct run_status *status, struct err *e) MUST_USE;

#endif
