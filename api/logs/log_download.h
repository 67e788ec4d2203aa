/* SPDX-License-Identifier: Apache-2.0
 *
 * A run's log as a file: what is stored when the download begins, read from the database no faster
 * than the client takes it, in memory that does not grow with the log.
 */
#ifndef ERRAND_API_LOG_DOWNLOAD_H
#define ERRAND_API_LOG_DOWNLOAD_H

#include "http/request.h"
#include "logs/log_query.h"

/* Answer `rq`. `rows` is the answer to the query's first page; the run is known to exist. */
void log_download_start(struct request *rq, const struct log_query *query,
                        const struct log_run *run, const struct rows *rows);

#endif
