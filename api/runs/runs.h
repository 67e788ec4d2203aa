/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/runners/:id/runs and /v1/runs: read, list, stop. Triggering is run_trigger.h.
 */
#ifndef ERRAND_API_RUNS_H
#define ERRAND_API_RUNS_H

#include "store/run_store.h"

#include "store/run_store.h"

#include "http/request.h"

request_handler runs_list;
request_handler runs_list_of_runner;

/* The same for /v1/runs/:id and /v1/runners/:id/runs/:id. */
request_handler runs_get;
request_handler runs_stop;

/* Which run the path names: its last id is the run's, one before it is the runner's. */
struct run_place runs_place(const struct request *rq);

#endif
