/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the process alive, can runs be made and placed, and the document of it all.
 */
#ifndef ERRAND_API_HEALTH_H
#define ERRAND_API_HEALTH_H

#include "http/request.h"

void health_alive(struct request *rq);
void health_ready(struct request *rq);
void health_openapi(struct request *rq);
void health_docs(struct request *rq);
void health_docs_style(struct request *rq);

#endif
