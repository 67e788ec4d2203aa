/* SPDX-License-Identifier: Apache-2.0
 *
 * config.json: own namespaces, capabilities, masked and read-only paths, seccomp, as the sandbox
 * has them (isolation.h). The process it names is errand-init; command, environment and user of the
 * run are not in it (init/init_protocol.h), nor are limits and devices (cgroup_make.h,
 * cgroup_devices.h). Source: https://github.com/opencontainers/runtime-spec, 1.0.2; Docker's
 * daemon/config defaults.
 */
#ifndef ERRAND_DRIVERS_OCI_CONFIG_H
#define ERRAND_DRIVERS_OCI_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "run_spec.h"

struct oci_config {
    const struct run_spec *spec;
    const char *hostname;
    bool bind_etc;                     /* rootfs_make() says */
    const struct buf *seccomp_program; /* for crun; NULL = the profile itself goes in */
};

/* Append config.json. Paths are relative to the bundle, where it is to stand. */
void oci_config_put(struct buf *b, const struct oci_config *config);

#endif
