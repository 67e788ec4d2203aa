/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of a run: pages and downloads, its removal, the live stream.
 */
#ifndef ERRAND_API_RUN_LOGS_H
#define ERRAND_API_RUN_LOGS_H

#include "http/request.h"

/* GET .../logs: a page, or a download (log_query.h) */
void run_logs_list(struct request *rq);

/* DELETE .../logs of a run that has ended */
void run_logs_delete(struct request *rq);

/* GET .../logs/stream?after_id=&batch= (contract: "Log stream") */
#define RUN_LOGS_STREAM_QUERY "after_id batch"
void run_logs_stream(struct request *rq);

#endif
