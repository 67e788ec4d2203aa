/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver for OCI runtimes: crun, or runc.
 *
 * The runtime is used once, detached: it starts errand-init and leaves. errand-init then waits for
 * its order, so the time between is ours: limits the runtime cannot set are set there. When the
 * runtime is gone the shim, a subreaper, is the parent of PID 1 and sees its exit code; the group,
 * the mount and the runtime's state are removed by plain system calls. Against a runtime in the
 * foreground this saves a waiting process a run; against create, start and delete two executions.
 *
 * Mounts live in the shim's own mount namespace and vanish with it. On the hybrid cgroup layout the
 * v2 tree is covered there, because crun refuses hosts that show both.
 *
 * Each container has its own network namespace. With network NONE it is left with loopback; with
 * BRIDGE it is connected to the machine's bridge (bridge.h) before the order is sent.
 */
#ifndef ERRAND_DRIVERS_OCI_H
#define ERRAND_DRIVERS_OCI_H

#include "drivers/driver.h"

extern const struct driver oci_driver;

#endif
