/* SPDX-License-Identifier: Apache-2.0
 *
 * How long to wait before trying again: doubled at every failure in a row, half of it random so
 * that many clients do not come back at the same moment.
 */
#ifndef ERRAND_SDK_BACKOFF_H
#define ERRAND_SDK_BACKOFF_H

/* `failures` is 1 after the first failure. Never below what the server asked for. */
unsigned errand_backoff_ms(unsigned failures, unsigned first_ms, unsigned max_ms,
                           unsigned retry_after_ms);

#endif
