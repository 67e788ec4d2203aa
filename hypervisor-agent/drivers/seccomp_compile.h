/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox's profile as a BPF program in a file, compiled once so that no run pays for it: crun
 * takes the instructions as they are. Compiling the profile for each run more than doubles what a
 * start costs.
 */
#ifndef ERRAND_DRIVERS_SECCOMP_COMPILE_H
#define ERRAND_DRIVERS_SECCOMP_COMPILE_H

#include "base/err.h"
#include "run_spec.h"

/* Write the program to `path`, replacing it. For the agent at its start; takes some 20 ms. */
int seccomp_compile(enum run_sandbox sandbox, const char *path, struct err *e) MUST_USE;

#endif
