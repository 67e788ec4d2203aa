/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /metrics; docs/metrics.md says what is in it.
 */
#ifndef ERRAND_API_METRICS_H
#define ERRAND_API_METRICS_H

#include "http/request.h"

void metrics_get(struct request *rq);

#endif
