/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/runners/:id/runs?dry_run=1: where the run would go now, and why not elsewhere. Nothing
 * is queued.
 */
#ifndef ERRAND_API_RUN_DRY_H
#define ERRAND_API_RUN_DRY_H

#include "model/run.h"

#include "http/request.h"

/* Answers. `refuse` answers when there is no such runner or the request does not fit it; `request`
 * is borrowed until then. */
void run_dry(struct request *rq, const struct run_request *request,
             void (*refuse)(struct request *rq, const struct run_request *request));

#endif
