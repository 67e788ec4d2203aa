/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/runners/:id/env_variables: what a runner gives to each of its runs.
 */
#ifndef ERRAND_API_ENV_VARIABLES_H
#define ERRAND_API_ENV_VARIABLES_H

#include "http/request.h"

request_handler env_variables_list;
request_handler env_variables_create;
request_handler env_variables_update;
request_handler env_variables_delete;

#endif
