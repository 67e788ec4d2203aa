/* SPDX-License-Identifier: Apache-2.0
 *
 * The command, as PID 1's only child of its own making.
 */
#ifndef ERRAND_INIT_COMMAND_H
#define ERRAND_INIT_COMMAND_H

#include <sys/types.h>

#include "init_protocol.h"
#include "order.h"

/* Fork and execute the order. Returns the child's pid, with STARTED in `ret_message`; or -1, with
 * FAILED there. Blocks until the exec has worked or not. */
pid_t command_start(struct order *order, struct init_message *ret_message);

#endif
