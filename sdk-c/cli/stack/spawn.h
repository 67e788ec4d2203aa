/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a program: as another account, from a directory that account may not enter, with a clean
 * environment.
 */
#ifndef ERRAND_CLI_STACK_SPAWN_H
#define ERRAND_CLI_STACK_SPAWN_H

#include <sys/types.h>

#include "stack/account.h"

struct spawn {
    const char *program;           /* path; opened before privileges are dropped */
    const char *const *argv;       /* NULL at the end */
    const struct account *account; /* NULL: as we are */
    const char *notify_socket;     /* NOTIFY_SOCKET of the program, or NULL */
    int stdin_fd;                  /* -1: /dev/null */
    int stdout_fd;
    int stderr_fd;
    int is_daemon; /* a session of its own */
};

/* 0 and the child's number, once it runs the program; -1 with errno. */
int spawn_start(const struct spawn *spawn, pid_t *ret_pid);

/* Run a program to its end: its standard output, cut to n - 1 bytes, goes to `ret_output` (NULL: to
 * `spawn->stdout_fd`). Its exit status, 128 + n for a signal, or -1 with errno. */
int spawn_run(struct spawn *spawn, char *ret_output, size_t n);

#endif
