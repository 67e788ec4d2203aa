/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/runners: what is run and with which limits.
 */
#ifndef ERRAND_API_RUNNERS_H
#define ERRAND_API_RUNNERS_H

#include "http/request.h"

request_handler runners_list;
request_handler runners_create;
request_handler runners_get;
request_handler runners_update;
request_handler runners_delete;

#endif
