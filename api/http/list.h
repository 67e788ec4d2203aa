/* SPDX-License-Identifier: Apache-2.0
 *
 * What every list does: read the page and its own parameters, and answer
 * {"things": [...], "meta": {"pagination": ...}}.
 */
#ifndef ERRAND_API_LIST_H
#define ERRAND_API_LIST_H

#include "http/pagination.h"
#include "http/request.h"

/* Read the query by `table` into `target`, of which `pages` is a part; texts live as long as `f`.
 * False when it was answered. What list_reply() needs is kept in rq->state. */
bool list_read(struct request *rq, struct fields *f, const struct field *table, size_t n,
               void *target, struct pagination *pages);

/* The same for a list that takes nothing but page and per_page. */
bool list_read_pages(struct request *rq, struct pagination *ret_pages);

/* Takes `objects`, an array, as the member `name`. */
void list_reply(struct request *rq, const char *name, json_t *objects, int64_t total);
/* The same for an object that has the list already, open (object.h). Empties `object`. */
void list_reply_text(struct request *rq, struct buf *object, int64_t total);

#endif
