/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container wrote, removed after its run was told: a million files take longer than anybody
 * should wait for the end of a run.
 */
#ifndef ERRAND_SHIM_TIDY_H
#define ERRAND_SHIM_TIDY_H

#include "base/err.h"

/* Remove every directory in the run dir, which is the working directory; files stay. Nothing is
 * mounted in them any more. */
int tidy_run_dir(struct err *e) MUST_USE;

#endif
