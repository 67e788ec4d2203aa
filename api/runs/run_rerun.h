/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/runs/:id/rerun: once more, of the same image, command and environment.
 */
#ifndef ERRAND_API_RUN_RERUN_H
#define ERRAND_API_RUN_RERUN_H

#include "http/request.h"

void run_rerun(struct request *rq);

#endif
