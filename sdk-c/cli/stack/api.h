/* SPDX-License-Identifier: Apache-2.0
 *
 * errand-api: its schema, its keys, its port.
 */
#ifndef ERRAND_CLI_STACK_API_H
#define ERRAND_CLI_STACK_API_H

#include "stack/stack.h"

/* Start it unless it runs, and wait until it serves; its port is then in STATE/run/port. `port` as
 * for stack_up. 0, or EXIT_OURS after complaining. */
int api_up(struct stack *stack, unsigned port);

/* Run `errand-api WORD...` as the database's owner. What it prints goes to `ret_output` (n bytes;
 * NULL: to the log). 0, or EXIT_OURS after complaining. */
int api_command(const struct stack *stack, const char *const *words, char *ret_output, size_t n);

#endif
