/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/usage: what runs cost, by runner and day.
 */
#ifndef ERRAND_API_USAGE_H
#define ERRAND_API_USAGE_H

#include "http/request.h"

void usage_list(struct request *rq);

#endif
