/* SPDX-License-Identifier: Apache-2.0
 *
 * What devices a container may open: null, zero, full, random, urandom, tty, console, ptmx and its
 * terminals. Making any device is allowed, as Docker has it: it cannot be opened.
 */
#ifndef ERRAND_DRIVERS_CGROUP_DEVICES_H
#define ERRAND_DRIVERS_CGROUP_DEVICES_H

#include "base/err.h"
#include "drivers/cgroup.h"

/* Of the group's processes, for as long as the group is there. */
int cgroup_devices_restrict(enum cgroup_layout layout, const char *path, struct err *e) MUST_USE;

#endif
