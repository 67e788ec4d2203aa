/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run was using: /v1/runs/:id/usage and /v1/runners/:id/runs/:id/usage.
 */
#ifndef ERRAND_API_RUN_USAGE_H
#define ERRAND_API_RUN_USAGE_H

#include "http/request.h"

request_handler run_usage_list;

#endif
