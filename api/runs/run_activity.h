/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/runner_activity: the newest runs of each runner, for lists of runners.
 */
#ifndef ERRAND_API_RUN_ACTIVITY_H
#define ERRAND_API_RUN_ACTIVITY_H

#include "http/request.h"

void run_activity_list(struct request *rq);

#endif
