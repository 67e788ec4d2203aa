/* SPDX-License-Identifier: Apache-2.0
 *
 * A deep link ("/runs/<id>") is the dashboard's to understand: whoever navigates (Accept names
 * text/html) is given the page whatever the path, but for paths of the API, which are never pages.
 */
#include "http/pages.h"

#include <string.h>

#include "dashboard/dashboard_files.h"

#include "http/reply.h"

#define FOR_EVER "public, max-age=31536000, immutable"
#define ASK_AGAIN "no-cache"

static const struct dashboard_file *find(const char *path, size_t n)
{
    for (size_t i = 0; i < dashboard_files_n; i++) {
        const char *have = dashboard_files[i].path;
        if (h2o_memis(have, strlen(have), path, n))
            return &dashboard_files[i];
    }
    return NULL;
}

static bool starts_with(h2o_iovec_t path, const char *prefix)
{
    size_t n = strlen(prefix);
    return path.len >= n && memcmp(path.base, prefix, n) == 0;
}

static bool is_navigation(struct request *rq, h2o_iovec_t path)
{
    static const char *const apis[] = {"/v1/", "/agent/", "/internal/", "/assets/"};
    for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++) {
        if (starts_with(path, apis[i]))
            return false;
    }
    const char *accept = request_header(rq, "accept");
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

static const struct dashboard_file *choose(struct request *rq)
{
    h2o_iovec_t path = rq->req->path_normalized;
    const struct dashboard_file *file = find(path.base, path.len);
    if (file == NULL &&
        (h2o_memis(path.base, path.len, H2O_STRLIT("/")) || is_navigation(rq, path)))
        file = find(H2O_STRLIT("/index.html"));
    return file;
}

/* Whether the list "br;q=0.9, gzip" has `name`, not with q=0. */
static bool accepts(const char *list, const char *name)
{
    size_t name_n = strlen(name);
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, " \t,");
        size_t n = strcspn(at, ",");
        size_t token_n = strcspn(at, " \t;,");
        const char *q = memmem(at, n, "q=0", 3);
        bool is_refused = q != NULL && strspn(q + 2, "0.") == strspn(q + 2, "0123456789.");
        if (token_n == name_n && strncasecmp(at, name, name_n) == 0)
            return !is_refused;
        at += n;
    }
    return false;
}

static enum dashboard_coding coding_of(struct request *rq)
{
    const char *accepted = request_header(rq, "accept-encoding");
    if (accepted != NULL && accepts(accepted, "br"))
        return DASHBOARD_BROTLI;
    if (accepted != NULL && accepts(accepted, "gzip"))
        return DASHBOARD_GZIP;
    return DASHBOARD_PLAIN;
}

bool pages_serve(struct request *rq)
{
    static const char *const names[DASHBOARD_CODING_COUNT] = {NULL, "br", "gzip"};
    const struct dashboard_file *file = choose(rq);
    if (file == NULL)
        return false;

    enum dashboard_coding coding = coding_of(rq);
    const char *known = request_header(rq, "if-none-match");
    bool is_known = known != NULL && strstr(known, file->etag) != NULL;
    reply_header(rq, "etag", file->etag);
    reply_header(rq, "cache-control", file->is_immutable ? FOR_EVER : ASK_AGAIN);
    reply_header(rq, "vary", "Accept-Encoding");
    if (names[coding] != NULL)
        reply_header(rq, "content-encoding", names[coding]);
    reply_web(rq, is_known ? 304 : 200, file->content_type, file->codings[coding].bytes,
              file->codings[coding].n);
    return true;
}
