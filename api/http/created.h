/* SPDX-License-Identifier: Apache-2.0
 *
 * How a POST that makes something answers.
 */
#ifndef ERRAND_API_CREATED_H
#define ERRAND_API_CREATED_H

#include "http/request.h"

/* 200 with Location `collection`/id and {"name": object}; takes `object`. */
void created_reply(struct request *rq, const char *collection, struct id id, const char *name,
                   json_t *object);

/* {"deleted":true}, or 404 with `message` when no row says what went. */
void deleted_reply(struct request *rq, const struct rows *rows, const char *missing);

#endif
