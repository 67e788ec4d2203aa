/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command line says about a runner: shared by `runner create` and `runner edit`.
 */
#ifndef ERRAND_CLI_RUNNER_ARGS_H
#define ERRAND_CLI_RUNNER_ARGS_H

#include <errand/runner.h>

struct arguments;

/* From the flags image, command, entrypoint, timeout, region and instance-type, and what is behind
 * "--"; the name is the command's own. Borrowed. 0, or EXIT_OURS after complaining. */
int runner_args_read(const struct arguments *arguments, errand_runner_options *ret_options);

/* The id; an object with --json, nothing with --quiet when `quiet_is_silent`. 0 or EXIT_OURS. */
int runner_args_print(const struct arguments *arguments, const errand_runner *runner,
                      int quiet_is_silent);

#endif
