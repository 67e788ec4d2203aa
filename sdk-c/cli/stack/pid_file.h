/* SPDX-License-Identifier: Apache-2.0
 *
 * Which process a program of the stack is. Beside the number stand its start time and the kernel's
 * boot, so that a number taken over by another process is never mistaken for it.
 *
 *     PID START_TICKS BOOT_ID
 */
#ifndef ERRAND_CLI_STACK_PID_FILE_H
#define ERRAND_CLI_STACK_PID_FILE_H

#include <sys/types.h>

/* Remember `pid`, which is running. 0, or -1 with errno. */
int pid_file_write(const char *path, pid_t pid);

/* 1 when the process of the file lives: ret_pid is its number and ret_pidfd, which may be NULL, a
 * descriptor for it. 0 when there is none (no file, another process, a zombie). */
int pid_file_find(const char *path, pid_t *ret_pid, int *ret_pidfd);

#endif
