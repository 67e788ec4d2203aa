/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERRAND_TESTS_ATTEMPT_H
#define ERRAND_TESTS_ATTEMPT_H

struct attempt {
    const char *name;
    int (*make)(void); /* 0 = it worked; otherwise errno */
};

/* Tables end with a NULL name. */
extern const struct attempt kernel_attempts[];  /* system calls */
extern const struct attempt file_attempts[];    /* /proc, /sys, devices, ways out of "/" */
extern const struct attempt process_attempts[]; /* other processes, limits, sockets */

#endif
