/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of the drivers (drivers/driver.h) runs an attempt; docs/drivers.md compares them.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_DRIVER_KIND_H
#define ERRAND_HYPERVISOR_AGENT_DRIVER_KIND_H

enum driver_kind {
    DRIVER_OCI,     /* crun, runc */
    DRIVER_DOCKER,  /* an engine that speaks the Docker Engine API over a Unix socket */
    DRIVER_PROCESS, /* a process of the host; for development */
    DRIVER_COUNT,
};

/* "oci", "docker", "process"; then NULL. */
extern const char *const driver_kind_names[DRIVER_COUNT + 1];

#endif
