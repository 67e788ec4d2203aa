/* SPDX-License-Identifier: Apache-2.0
 *
 * The tokens of a local stack: the user's in DIR/env, the hypervisor's to join with.
 */
#ifndef ERRAND_CLI_STACK_TOKENS_H
#define ERRAND_CLI_STACK_TOKENS_H

#include "stack/stack.h"

/* Keep the token of DIR/env when the API takes it, else make one and set it in stack->env. 0, or
 * EXIT_OURS after complaining. */
int tokens_ensure_user(struct stack *stack);

/* Write a fresh join token to `path`, for root alone. 0, or EXIT_OURS after complaining. */
int tokens_make_join(const struct stack *stack, const char *path);

#endif
