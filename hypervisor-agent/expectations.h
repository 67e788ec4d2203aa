/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs that the API says are on this hypervisor and that the agent does not know: until an
 * assignment explains each, it may be one that was lost.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_EXPECTATIONS_H
#define ERRAND_HYPERVISOR_AGENT_EXPECTATIONS_H

#include <stdbool.h>

#include "wire/assignment_line.h"

struct expectations;

struct expectations *expectations_new(void);
void expectations_free(struct expectations *expected);
void expectations_clear(struct expectations *expected);

/* Out of memory, it is not expected. */
void expectations_add(struct expectations *expected, const struct assignment_sync *run);

/* Its assignment came. True when it is to be stopped. */
bool expectations_meet(struct expectations *expected, struct id run_id, uint32_t attempt);

/* Take one out. False when there is none. */
bool expectations_take(struct expectations *expected, struct assignment_sync *ret_run);

#endif
