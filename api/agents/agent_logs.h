/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/logs: lines of runs, stored before they are acknowledged.
 */
#ifndef ERRAND_API_AGENT_LOGS_H
#define ERRAND_API_AGENT_LOGS_H

#include "http/request.h"

void agent_logs(struct request *rq);

#endif
