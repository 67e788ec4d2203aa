/* SPDX-License-Identifier: Apache-2.0
 *
 * Run dirs an earlier agent left, and what each of them means.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_ADOPTION_H
#define ERRAND_HYPERVISOR_AGENT_ADOPTION_H

#include "base/err.h"
#include "launcher.h"
#include "run.h"
#include "shim_process.h"

enum adoption {
    ADOPTION_ENDED,    /* its exit record is there: report and ship the rest */
    ADOPTION_RUNNING,  /* its shim lives and its process runs: go on */
    ADOPTION_STARTING, /* its shim lives: go on */
    ADOPTION_DEAD,     /* its shim is gone without a record: reap */
    ADOPTION_UNBEGUN, /* it has no shim and never will have one, or a box's that was not told of it:
                         its dir is gone, forget it */
    ADOPTION_FOREIGN, /* left by another version, which must end it */
    ADOPTION_COUNT
};

/* Takes over `run`. A failure ends the scan. */
typedef int adoption_fn(void *ctx, struct run *run, struct err *e);

/* Call back with each attempt found below <data_dir>/runs (made when missing).
 * Errors:  ERR_CONFLICT  another version of the agent left a run here; or what `found` says */
int adoption_scan(const char *data_dir, adoption_fn *found, void *ctx, struct err *e) MUST_USE;

/* Look at the run dir; when the shim lives, `run->shim` follows it and tells `on_exit`. May wait
 * some time for a shim that has just begun. `e` says more of FOREIGN. */
enum adoption adoption_decide(const struct launcher *launcher, struct run *run,
                              shim_exit_fn *on_exit, struct err *e);

const char *adoption_name(enum adoption what);

#endif
