/* SPDX-License-Identifier: Apache-2.0
 *
 * Moments that only move forward: how long something takes, and until when it is waited for. A
 * clock that is set meanwhile, as on a machine that has just booted, changes neither.
 */
#ifndef ERRAND_CLI_MOMENT_H
#define ERRAND_CLI_MOMENT_H

#include <stdint.h>

/* Microseconds since some fixed moment. */
int64_t moment_us(void);

/* The moment in so many seconds. */
int64_t moment_in_s(int seconds);

#endif
