/* SPDX-License-Identifier: Apache-2.0
 *
 * The attempts of a run: those that ended and were followed by another, and the present one.
 */
#ifndef ERRAND_STORE_ATTEMPT_STORE_H
#define ERRAND_STORE_ATTEMPT_STORE_H

#include "model/run.h"
#include "store/db.h"
#include "store/run_store.h"

struct attempt {
    int64_t attempt;
    const char *status; /* public: "pending", "running", "succeeded", "failed" or "canceled" */
    struct id hypervisor;
    const char *hypervisor_name;
    const char *image_digest;
    const char *termination_reason;
    const char *termination_message;
    int64_t exit_code;
    bool oom_killed;
    int64_t pull_ms;
    int64_t start_ms;
    int64_t cpu_ms;
    int64_t memory_peak_bytes;
    int64_t log_lines; /* stored so far */
    int64_t assigned_at_us;
    int64_t started_at_us;
    int64_t completed_at_us;
};

/* In order; no row at all when there is no such run. A run that was never assigned has one row with
 * attempt 0, which is none. Parameters: run_store_place_params(). */
extern const struct statement attempt_store_list;

/* Texts are borrowed from the rows. */
void attempt_store_read(const struct rows *rows, int row, struct attempt *ret_attempt);

#endif
