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
 * held. A box's spec becomes that of the run it is given. Blocks until the exit record is written
 * (by a box without a run: until all of it is gone). Whatever goes wrong with the run is in that
 * record; an error means that the record could not be written. */
int shim_run(struct run_spec *spec, const struct driver *driver, struct err *e) MUST_USE;

#endif
