/* SPDX-License-Identifier: Apache-2.0
 *
 * From how a run was ended and how its sandbox ended to what is told about it. Pure.
 */
#ifndef ERRAND_SHIM_OUTCOME_H
#define ERRAND_SHIM_OUTCOME_H

#include "drivers/driver.h"

struct outcome_facts {
    const struct run_spec *spec;
    enum termination_reason reason;      /* why we ended it; EXITED = we did not */
    const struct sandbox_report *report; /* its state may be other than ENDED: we gave up */
    struct sandbox_use use;
    int64_t started_at_us; /* 0 = never */
};

/* The record without what is known only at the very end: finished_at_us and the log's numbers. */
struct exit_record outcome_of(const struct outcome_facts *facts);

#endif
