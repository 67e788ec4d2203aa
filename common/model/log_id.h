/* SPDX-License-Identifier: Apache-2.0
 *
 * Each attempt of a run numbers its lines 1, 2, 3, ... What a reader sees is one id that grows over
 * all attempts, so that "after this one" never means a line of an attempt that came before: ids of
 * attempt n begin after (n-1) << 40. Those of the first attempt are its numbers. Thread-safe.
 */
#ifndef ERRAND_COMMON_MODEL_LOG_ID_H
#define ERRAND_COMMON_MODEL_LOG_ID_H

#include <stdint.h>

#define LOG_ID_MAX INT64_C(9007199254740991) /* what JSON numbers hold exactly: 2^53-1 */
#define LOG_ID_LINE_BITS 40                  /* a trillion lines, eight thousand attempts */

/* The id before the first line of an attempt; of attempt 0, the one before the first, too. */
static inline int64_t log_id_base(uint32_t attempt)
{
    return attempt > 1 ? (int64_t)(attempt - 1) << LOG_ID_LINE_BITS : 0;
}

/* The line's number in its attempt. */
static inline int64_t log_id_line(int64_t id)
{
    return id & ((INT64_C(1) << LOG_ID_LINE_BITS) - 1);
}

#endif
