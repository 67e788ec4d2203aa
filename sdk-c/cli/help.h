/* SPDX-License-Identifier: Apache-2.0
 *
 * --help, made from the command tables.
 */
#ifndef ERRAND_CLI_HELP_H
#define ERRAND_CLI_HELP_H

#include <stdio.h>

#include "command.h"

/* `errand --help`. */
void help_print_all(FILE *out);

/* `errand run --help`. */
void help_print(FILE *out, const struct command *command);

#endif
