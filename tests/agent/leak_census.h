/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts what runs have left on this machine, by looking where the kernel shows it rather than by
 * asking the programs that should have removed it.
 */
#ifndef ERRAND_TESTS_AGENT_LEAK_CENSUS_H
#define ERRAND_TESTS_AGENT_LEAK_CENSUS_H

#include <stddef.h>

#include "base/id.h"

struct leak_census {
    size_t groups;    /* control groups of runs and boxes, in every tree */
    size_t processes; /* in such a group, or with the directory in their command line */
    size_t mounts;    /* below the directory, in our mount namespace */
    size_t devices;   /* ports of the bridge */
    size_t leases;    /* of addresses of the bridge */
    size_t files;     /* of runs or half made, below the directory's data/ */
    size_t boxes;     /* waiting or what is left of them */
};

/* What the runs have left. Each thing found is told on standard error. */
void leak_census_take(const char *dir, const char *bridge, const struct id runs[], size_t n,
                      struct leak_census *ret_census);

/* Open descriptors of a process. */
size_t leak_census_fds(int pid);

/* What they are, on standard error. */
void leak_census_tell_fds(int pid);

#endif
