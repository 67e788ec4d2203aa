/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver for container engines that speak the Docker Engine API over a Unix socket: Docker and
 * Podman.
 *
 * The image is there already and the container is the engine's; its output comes here over an
 * attach stream that is open before the container starts, and the engine keeps no log. The
 * container is found again by its name, which is made of run and attempt, and by its labels.
 *
 * Where the spec names a control group, the engine is asked to put the container below it: what was
 * used can then be read when the container is gone.
 *
 * Unlike the oci driver's containers these outlive a shim that is killed, until it is reaped.
 */
#ifndef ERRAND_DRIVERS_DOCKER_H
#define ERRAND_DRIVERS_DOCKER_H

#include "drivers/driver.h"

extern const struct driver docker_driver;

#endif
