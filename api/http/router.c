/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include "access/auth.h"
#include "http/connection.h"
#include "http/pages.h"
#include "http/reply.h"
#include "http/request_begin.h"
#include "http/route.h"

#define REQUESTS_MAX 20000 /* in progress on one loop, streams included */

static bool is_read(h2o_req_t *req)
{
    return h2o_memis(req->method.base, req->method.len, H2O_STRLIT("GET")) ||
           h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct request *rq = request_begin(req);
    char allow[64];

    if (rq->loop->draining || rq->loop->requests > REQUESTS_MAX ||
        connection_is_full(rq->connection)) {
        req->http1_is_persistent = 0;
        reply_error(rq, ERR_UNAVAILABLE, "This server takes no more requests; try again");
        return 0;
    }
    switch (route_find(req->method.base, req->method.len, req->path_normalized.base,
                       req->path_normalized.len, &rq->route, rq->path_ids, allow, sizeof(allow))) {
    case ROUTE_NO_PATH:
        if (!is_read(req) || !pages_serve(rq))
            reply_error(rq, ERR_NOT_FOUND, "There is nothing at this path");
        break;
    case ROUTE_NO_METHOD:
        reply_header(rq, "allow", allow);
        reply_status(rq, 405, "method_not_allowed", "This path does not have this method");
        break;
    case ROUTE_FOUND:
        auth_then_handle(rq);
        break;
    }
    return 0;
}

void router_register(h2o_pathconf_t *path)
{
    h2o_handler_t *handler = h2o_create_handler(path, sizeof(*handler));
    handler->on_req = on_request;
}
