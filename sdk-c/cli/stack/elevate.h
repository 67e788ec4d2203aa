/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers need root: run the same command again through sudo.
 */
#ifndef ERRAND_CLI_STACK_ELEVATE_H
#define ERRAND_CLI_STACK_ELEVATE_H

#include "arguments.h"
#include "stack/places.h"

/* 0 when this is root already. Otherwise does not return, or returns EXIT_OURS after saying why it
 * cannot be done. */
int elevate(const struct arguments *arguments, const struct places *places);

#endif
