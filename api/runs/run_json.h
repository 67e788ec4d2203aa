/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs in answers.
 */
#ifndef ERRAND_API_RUN_JSON_H
#define ERRAND_API_RUN_JSON_H

#include "http/request.h"
#include "model/limits.h"
#include "model/run.h"

#define RUN_JSON_BYTES (8 * LIMIT_BODY_BYTES) /* at most */

/* As a member of a list (http/object.h): it ends with a comma. */
void run_put(struct buf *b, const struct run *run);

/* Answers {"run": ...}. */
void run_reply(struct request *rq, const struct run *run);
/* The header that says where it is, and both. */
void run_location(struct request *rq, struct id run);
void run_reply_made(struct request *rq, const struct run *run);

#endif
