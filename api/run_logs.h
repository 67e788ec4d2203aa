/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of a run: pages of lines, and the live stream.
 */
#ifndef ERRAND_API_RUN_LOGS_H
#define ERRAND_API_RUN_LOGS_H

#include "request.h"

/* GET .../logs?after_id=&before_id=&tail=&limit=&stream= */
#define RUN_LOGS_LIST_QUERY "after_id before_id limit stream tail"
void run_logs_list(struct request *rq);

/* GET .../logs/stream?after_id=&batch= (contract: "Log stream") */
#define RUN_LOGS_STREAM_QUERY "after_id batch"
void run_logs_stream(struct request *rq);

#endif
