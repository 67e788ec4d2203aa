/* SPDX-License-Identifier: Apache-2.0
 *
 * "did you mean ...?": the offered name nearest to what was typed.
 */
#ifndef ERRAND_CLI_NEAR_NAME_H
#define ERRAND_CLI_NEAR_NAME_H

#include <stddef.h>

struct near_name {
    const char *typed;
    const char *best; /* borrowed from an offer; NULL while nothing is near */
    size_t distance;
};

struct near_name near_name_of(const char *typed);

/* Returns 1 when `name` became the best one: its text must then outlive `near`. */
int near_name_offer(struct near_name *near, const char *name);

#endif
