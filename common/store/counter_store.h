/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scheduler counted, for whoever shows metrics.
 */
#ifndef ERRAND_STORE_COUNTER_STORE_H
#define ERRAND_STORE_COUNTER_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

/* Add `values[i]` to the counter `names[i]`. */
extern const struct statement counter_store_add;
void counter_store_add_params(struct params *p, const char *const *names, const int64_t *values,
                              size_t n);

/* All counters by name: name, value. */
extern const struct statement counter_store_list;

#endif
