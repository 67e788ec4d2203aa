/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs were using, as their agents sample it.
 */
#ifndef ERRAND_STORE_RUN_USAGE_STORE_H
#define ERRAND_STORE_RUN_USAGE_STORE_H

#include "store/agent_store.h"
#include "store/db.h"
#include "store/run_store.h"

struct usage_sample {
    int64_t at_us;
    int64_t cpu_ms; /* since the start */
    int64_t memory_bytes;
    int64_t io_read_bytes; /* since the start */
    int64_t io_write_bytes;
    int64_t processes;
};

/* Keep a sample, unless the attempt already has as many as a run may have. One row, for
 * agent_store_accepted(): whether the attempt is this hypervisor's and runs. */
extern const struct statement run_usage_store_add;
void run_usage_store_add_params(struct params *p, const struct agent_fence *fence,
                                const struct usage_sample *sample);

/* Of the run's current attempt, oldest first. One row more than there are samples, the first of
 * which holds none: no row at all when there is no such run. */
extern const struct statement run_usage_store_list;
void run_usage_store_list_params(struct params *p, struct run_place place);
void run_usage_store_read(const struct rows *rows, int row, struct usage_sample *ret_sample);

#endif
