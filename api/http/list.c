/* SPDX-License-Identifier: Apache-2.0 */
#include "http/list.h"

#include "http/object.h"
#include "http/query.h"
#include "http/reply.h"

#define FILTER_MAX_BYTES (192 << 10) /* three times a query string of h2o's maximal length */

/* The path and query as sent, in request memory: h2o reuses its own. */
static void remember(struct request *rq, struct pagination *pages, const char *query,
                     size_t query_n)
{
    h2o_iovec_t path = rq->req->path;
    size_t path_n = rq->req->query_at != SIZE_MAX ? rq->req->query_at : path.len;
    char *text = request_alloc(rq, path_n + 1);
    memcpy(text, path.base, path_n);
    pages->path = text;

    CLEANUP(buf_done) struct buf filter;
    buf_init(&filter, FILTER_MAX_BYTES);
    pagination_filter(query, query_n, &filter);
    pages->filter = request_strdup(rq, buf_text(&filter));

    struct pagination *kept = request_alloc(rq, sizeof(*kept));
    *kept = *pages;
    rq->state = kept;
}

bool list_read(struct request *rq, struct fields *f, const struct field *table, size_t n,
               void *target, struct pagination *pages)
{
    if (rq->req == NULL)
        return false; /* nobody to answer */

    h2o_iovec_t path = rq->req->path;
    size_t query_at = rq->req->query_at != SIZE_MAX ? rq->req->query_at + 1 : path.len;
    query_read(f, path.base + query_at, path.len - query_at, table, n, target);
    if (reply_if_problems(rq, &f->problems))
        return false;
    remember(rq, pages, path.base + query_at, path.len - query_at);
    return true;
}

bool list_read_pages(struct request *rq, struct pagination *ret_pages)
{
    static const struct field table[] = {PAGINATION_FIELDS(0)};

    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    *ret_pages = (struct pagination)PAGINATION_DEFAULTS;
    return list_read(rq, &f, table, ARRAY_LEN(table), ret_pages, ret_pages);
}

void list_reply(struct request *rq, const char *name, json_t *objects, int64_t total)
{
    reply_json(rq, 200,
               json_pack("{s:o, s:o}", name, objects, "meta", pagination_meta(rq->state, total)));
}

void list_reply_text(struct request *rq, struct buf *object, int64_t total)
{
    object_value(object, "meta", pagination_meta(rq->state, total));
    object_end_all(object);
    reply_json_text(rq, 200, object);
}
