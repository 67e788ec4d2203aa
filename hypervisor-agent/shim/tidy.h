/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container wrote, removed after its run was told: a million files take longer than anybody
 * should wait for the end of a run.
 */
#ifndef ERRAND_SHIM_TIDY_H
#define ERRAND_SHIM_TIDY_H

#include "base/err.h"
#include "drivers/driver.h"

/* Remove every directory in the run dir, which is the working directory; files stay. Nothing is
 * mounted in them any more. */
int tidy_run_dir(struct err *e) MUST_USE;

/* Call driver->destroy (sandbox) or driver->reap (status) until it succeeds, for some seconds. */
int tidy_sandbox(const struct driver *driver, struct sandbox *sandbox,
                 const struct run_status *status, struct err *e) MUST_USE;

#endif
