/* SPDX-License-Identifier: Apache-2.0
 *
 * What the API is told about a run, as events in the outbox.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_REPORT_H
#define ERRAND_HYPERVISOR_AGENT_RUN_REPORT_H

#include <stdint.h>

#include "base/err.h"
#include "event_outbox.h"
#include "run.h"

int run_report_pulling(struct event_outbox *outbox, const struct run *run, int64_t done_bytes,
                       int64_t total_bytes, struct err *e) MUST_USE;

/* Its process was executed at `at_us`, `start_ms` after its shim was started. */
int run_report_started(struct event_outbox *outbox, const struct run *run, int64_t at_us,
                       uint32_t start_ms, struct err *e) MUST_USE;

/* It is over as run->end says. */
int run_report_finished(struct event_outbox *outbox, const struct run *run, struct err *e) MUST_USE;

/* The end of a run that never got as far as a shim, or of whose end nothing is known. */
void run_end_set(struct run *run, enum termination_reason reason, const char *message);

#endif
