/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory an OCI runtime is pointed at: config.json, the mounted root file system, and the
 * runtime's own state. It is made in the calling process's own mount namespace.
 */
#ifndef ERRAND_DRIVERS_OCI_BUNDLE_H
#define ERRAND_DRIVERS_OCI_BUNDLE_H

#include "base/err.h"
#include "drivers/cgroup.h"
#include "drivers/rootfs.h"
#include "run_spec.h"

/* Take a new mount namespace and make the bundle in it. On failure some of it may be there:
 * oci_bundle_remove() clears up. */
int oci_bundle_make(const struct run_spec *spec, enum cgroup_layout layout, struct err *e) MUST_USE;

/* Where the runtime finds it; the run dir is the working directory. */
const char *oci_bundle_path(const struct run_spec *spec);

/* Also for what a dead process made. What is not there is success. */
int oci_bundle_remove(struct err *e) MUST_USE;

#endif
