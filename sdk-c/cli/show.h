/* SPDX-License-Identifier: Apache-2.0
 *
 * Printing what the server described.
 */
#ifndef ERRAND_CLI_SHOW_H
#define ERRAND_CLI_SHOW_H

#include <stddef.h>

#include <errand/run.h>

/* Print an object's JSON and a line end; frees it. 0, or EXIT_OURS when there is none. */
int show_json(char *json);

/* "sh -c 'make all'" as one line: command or arguments, quoted where a shell would need it. */
void show_process(char *ret_text, size_t n, const char *command, size_t argc,
                  const char *(*arg)(const void *object, size_t i), const void *object);

/* "124"; "" while there is none. */
void show_exit(char *ret_text, size_t n, const errand_run *run);

#endif
