/* SPDX-License-Identifier: Apache-2.0
 *
 * Time that only moves forward, randomness, and a sleep that can be cut short.
 */
#ifndef ERRAND_SDK_CLOCK_H
#define ERRAND_SDK_CLOCK_H

#include <stdint.h>

#include <errand/canceler.h>

/* Milliseconds since some fixed moment. */
int64_t errand_clock_ms(void);

/* Uniform in 0..bound - 1; 0 for a bound of 0. Good for jitter, not for secrets. */
unsigned errand_random_below(unsigned bound);

/* 0 after `delay_ms`, 1 when the canceler was used; `canceler` may be NULL. */
int errand_sleep(unsigned delay_ms, const errand_canceler *canceler);

/* A fresh idempotency key: 32 hexadecimal digits of randomness. */
#define ERRAND_KEY_BYTES 33
void errand_key_make(char ret_key[ERRAND_KEY_BYTES]);

#endif
