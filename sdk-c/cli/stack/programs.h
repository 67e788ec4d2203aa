/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the programs of the stack are installed.
 */
#ifndef ERRAND_CLI_STACK_PROGRAMS_H
#define ERRAND_CLI_STACK_PROGRAMS_H

#include <limits.h>

/* Beside this program, else in PATH. 0, or EXIT_OURS after complaining. */
int program_find(const char *name, char ret_path[PATH_MAX]);

/* PostgreSQL's own folder: what pg_config says, else the highest /usr/lib/postgresql/N/bin. 0, or
 * EXIT_OURS after complaining. */
int postgres_bindir_find(char ret_path[PATH_MAX]);

/* This program's own file. 0, or EXIT_OURS after complaining. */
int program_self(char ret_path[PATH_MAX]);

#endif
