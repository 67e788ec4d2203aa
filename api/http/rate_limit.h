/* SPDX-License-Identifier: Apache-2.0
 *
 * How many requests a token may make: a steady rate with a second's worth saved up (GCRA). One
 * table for all loops of a process, because a client's connections land on any of them. Agents are
 * exempt.
 */
#ifndef ERRAND_API_RATE_LIMIT_H
#define ERRAND_API_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/request.h"

struct rate_limit;

/* NULL for `per_second` 0: no limit. */
struct rate_limit *rate_limit_new(int64_t per_second);
void rate_limit_free(struct rate_limit *limit);

/* Count the request for its principal's token and set RateLimit-*; false when it is one too many:
 * Retry-After is set too. */
bool rate_limit_admits(struct request *rq);

/* The same for anything else: `key` may do `burst` at once and one each `every_us`. `*ret_wait_us`
 * says when it is worth trying again. */
struct rate_table;
struct rate_table *rate_table_new(void);
void rate_table_free(struct rate_table *table);
bool rate_table_admits(struct rate_table *table, uint64_t key, int64_t every_us, int64_t burst,
                       int64_t now_us, int64_t *ret_left, int64_t *ret_wait_us);

#endif
