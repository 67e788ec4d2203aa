/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/runners/:id/warmup: have the runner's image, and sandboxes, ready before it is needed.
 */
#ifndef ERRAND_API_RUNNER_WARMUP_H
#define ERRAND_API_RUNNER_WARMUP_H

#include "http/request.h"

void runner_warmup(struct request *rq);

#endif
