/* SPDX-License-Identifier: Apache-2.0
 *
 * A machine with its own network and a neighbour, for tests: the calling process moves into a
 * network namespace of its own, and a child in another one stands for all the world outside. No
 * packet leaves the real machine, and both end with the process.
 */
#ifndef ERRAND_TESTS_OUTSIDE_H
#define ERRAND_TESTS_OUTSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#define MACHINE_ADDRESS "192.0.2.1"
#define OUTSIDE_ADDRESS "192.0.2.2"
/* The outside answers here too, as clouds do. */
#define METADATA_ADDRESS "169.254.169.254"

/* The outside listens here and tells callers their address. */
#define OUTSIDE_PORT 7001
/* So does the machine itself, at all its addresses. */
#define MACHINE_PORT 7002

/* Once, before there are threads. Fails the program when it cannot. */
void outside_make(void);

/* A process that lives in the outside's namespace. */
pid_t outside_pid(void);

/* Run a line of shell in the calling process's namespace; whether it went well. */
bool outside_shell(const char *line);

/* Whether the calling process gets an answer there within a second. */
bool outside_is_answered(const char *address, int port);

#endif
