/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver for development: the command runs as a process of this machine, in its file system,
 * without an image and without limits. It is no sandbox; the agent refuses to use it unless a
 * setting of its own says that this is wanted.
 *
 * It has its own pid and mount namespaces, so that nothing of it survives its end and it sees its
 * own processes only; with network "none" an own network namespace too. That needs root.
 * errand-init is its PID 1, as in a container, so command, user, directory, signals and exit codes
 * are what they are there.
 */
#ifndef ERRAND_DRIVERS_PROCESS_H
#define ERRAND_DRIVERS_PROCESS_H

#include "drivers/driver.h"

extern const struct driver process_driver;

#endif
