/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/runners/:id/runs.
 */
#ifndef ERRAND_API_RUN_TRIGGER_H
#define ERRAND_API_RUN_TRIGGER_H

#include "http/request.h"

request_handler run_trigger;

#endif
