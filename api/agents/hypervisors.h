/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/hypervisors: the fleet as people see it, and what they may do to it.
 */
#ifndef ERRAND_API_HYPERVISORS_H
#define ERRAND_API_HYPERVISORS_H

#include "http/request.h"

request_handler hypervisors_list;
request_handler hypervisors_get;
request_handler hypervisors_history;
/* No new runs; those that are there stay. "draining" says that it is to be emptied. */
request_handler hypervisors_cordon;
request_handler hypervisors_drain;
request_handler hypervisors_uncordon;
request_handler hypervisors_delete;

#endif
