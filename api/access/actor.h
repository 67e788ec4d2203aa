/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a change is done by, as audit_events keeps it.
 */
#ifndef ERRAND_API_ACTOR_H
#define ERRAND_API_ACTOR_H

#include "http/request.h"

/* JSON text, from request memory: {"kind","name","token_id","user_id","project_id","remote",
 * "forwarded_for","request_id"}. `kind` "anonymous" before it is known who asks. */
const char *actor_text(struct request *rq);

/* NULL when what the request does is not recorded: it only reads, or an agent asks. */
const char *actor_of_change(struct request *rq);

#endif
