/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a container of an engine did not begin. Engines have no code for "there is no such program",
 * only words: the engine's, or on stderr those of the init it puts into the container.
 */
#ifndef ERRAND_DRIVERS_DOCKER_FAILURE_H
#define ERRAND_DRIVERS_DOCKER_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The answer to "start" says that the command, the directory or the user is to blame. Then the exit
 * code a shell would give: 126 or 127. */
bool docker_failure_of_start(const char *message, int32_t *ret_exit_code);

/* All that came on stderr is one line of tini or catatonit that it could not execute the command.
 * `text` of `size` bytes becomes the reason. A program that prints such a line itself, and nothing
 * else, and fails is taken at its word. */
bool docker_failure_of_init(const char *words, size_t n, char *text, size_t size,
                            int32_t *ret_exit_code);

#endif
