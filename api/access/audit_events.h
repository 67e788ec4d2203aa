/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/audit_events: who did what.
 */
#ifndef ERRAND_API_AUDIT_EVENTS_H
#define ERRAND_API_AUDIT_EVENTS_H

#include "http/request.h"

void audit_events_list(struct request *rq);

#endif
