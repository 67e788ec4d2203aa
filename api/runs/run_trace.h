/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/runs/:id/trace: the run as spans, in OTLP's JSON.
 */
#ifndef ERRAND_API_RUN_TRACE_H
#define ERRAND_API_RUN_TRACE_H

#include "http/request.h"

void run_trace_get(struct request *rq);

#endif
