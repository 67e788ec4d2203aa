/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/register: a hypervisor comes with a join token and is given its credential.
 */
#ifndef ERRAND_API_AGENT_REGISTER_H
#define ERRAND_API_AGENT_REGISTER_H

#include "http/request.h"

void agent_register(struct request *rq);

#endif
