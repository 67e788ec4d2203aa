/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include "openapi/openapi_document.h"
#include "store/health_store.h"
#include "store/migrate.h"

#include "http/reply.h"

static const char *check_text(bool ok)
{
    return ok ? "ok" : "failed";
}

static void on_checked(struct request *rq, const struct rows *rows, const struct err *err)
{
    bool database = err == NULL;
    bool schema = database && migrate_serves(row_i64(rows, 0, 0, 0));
    bool scheduler = database && row_bool(rows, 0, 1);
    bool ready = database && schema && scheduler;

    reply_json(rq, ready ? 200 : 503,
               json_pack("{s:s, s:{s:s, s:s, s:s}}", "status", ready ? "ready" : "not_ready",
                         "checks", "database", check_text(database), "schema", check_text(schema),
                         "scheduler", check_text(scheduler)));
}

void health_alive(struct request *rq)
{
    reply_json(rq, 200, json_pack("{s:s}", "status", "ok"));
}

void health_ready(struct request *rq)
{
    request_query_result(rq, &health_store_check, NULL, on_checked);
}

void health_openapi(struct request *rq)
{
    size_t n;
    const char *text = openapi_document(&n);
    reply_static(rq, 200, "application/json", text, n);
}

void health_docs(struct request *rq)
{
    size_t n;
    const char *text = openapi_docs(&n);
    reply_static(rq, 200, "text/html; charset=utf-8", text, n);
}

void health_docs_style(struct request *rq)
{
    size_t n;
    const char *text = openapi_docs_style(&n);
    reply_static(rq, 200, "text/css; charset=utf-8", text, n);
}
