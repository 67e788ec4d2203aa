/* SPDX-License-Identifier: Apache-2.0
 *
 * Trying something out for real and leaving no trace: in a child with namespaces of its own.
 */
#ifndef ERRAND_DOCTOR_TRIAL_H
#define ERRAND_DOCTOR_TRIAL_H

#include "base/err.h"

typedef int trial_fn(const void *ctx, struct err *e);

/* Run `fn` in a child that was unshared with `flags` (CLONE_NEW...; mounts are private with
 * CLONE_NEWNS). The result and the error are its own; ERR_INTERNAL when it died. */
int trial_run(trial_fn *fn, const void *ctx, int flags, struct err *e) MUST_USE;

#endif
