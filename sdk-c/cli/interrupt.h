/* SPDX-License-Identifier: Apache-2.0
 *
 * Ctrl-C, pressed once or twice.
 */
#ifndef ERRAND_CLI_INTERRUPT_H
#define ERRAND_CLI_INTERRUPT_H

#include <errand/canceler.h>

#define INTERRUPTS 2

/* Exit status of a program that Ctrl-C ended. */
#define EXIT_INTERRUPTED 130

/* From now on the first SIGINT or SIGTERM uses cancelers[0], the second cancelers[1], a third ends
 * the program. 0, or EXIT_OURS after complaining. */
int interrupt_start(errand_canceler *ret_cancelers[INTERRUPTS]);

/* Ctrl-C ends the program again; frees the cancelers. */
void interrupt_stop(errand_canceler *cancelers[INTERRUPTS]);

#endif
