/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/hypervisors.
 */
#ifndef ERRAND_API_HYPERVISORS_H
#define ERRAND_API_HYPERVISORS_H

#include "request.h"

request_handler hypervisors_list;

#endif
