/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/runs/:id/attempts: each attempt of a run, those that were followed by another included.
 */
#ifndef ERRAND_API_RUN_ATTEMPTS_H
#define ERRAND_API_RUN_ATTEMPTS_H

#include "http/request.h"

request_handler run_attempts_list;

#endif
