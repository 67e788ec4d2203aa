/* SPDX-License-Identifier: Apache-2.0
 *
 * The processes that hold running containers. They outlive the agent on purpose; `errand down` ends
 * them.
 */
#ifndef ERRAND_CLI_STACK_SHIMS_H
#define ERRAND_CLI_STACK_SHIMS_H

#include "stack/places.h"

/* Ask every shim of this stack to end its container, wait, kill what is left. How many there were,
 * or -1 after complaining. */
int shims_stop(const struct places *places);

#endif
