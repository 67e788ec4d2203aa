/* SPDX-License-Identifier: Apache-2.0
 *
 * One run, from its spec to its exit record: the event loop of errand-shim.
 */
#ifndef ERRAND_SHIM_SHIM_H
#define ERRAND_SHIM_SHIM_H

#include "base/err.h"
#include "drivers/driver.h"
#include "run_spec.h"

/* Carry out `spec` with `driver`, in the working directory, which is the run dir, whose lock is
 * held. Blocks until the exit record is written. Whatever goes wrong with the run is in that
 * record; an error means that the record could not be written. */
int shim_run(const struct run_spec *spec, const struct driver *driver, struct err *e) MUST_USE;

/* Call driver->destroy (sandbox) or driver->reap (status) until it succeeds, for some seconds. */
int shim_clean_up(const struct driver *driver, struct sandbox *sandbox,
                  const struct run_status *status, struct err *e) MUST_USE;

#endif
