/* SPDX-License-Identifier: Apache-2.0
 *
 * One blocking HTTP GET, made to be stopped from another thread. For worker threads only.
 */
#ifndef ERRAND_IMAGES_HTTP_FETCH_H
#define ERRAND_IMAGES_HTTP_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Takes `n` bytes of a good answer's body; less than 0 (with `e` set) ends the transfer. */
typedef int http_sink_fn(void *ctx, const char *bytes, size_t n, struct err *e);

struct http_fetch {
    const char *url;
    const char *accept;        /* or NULL */
    const char *authorization; /* value of the header, or NULL; not sent on to another host */
    bool plain_http;           /* http:// is acceptable, also in redirects */
    const char *ca_pem;        /* certificates trusted beside the system's, or NULL */
    int64_t offset;            /* the sink wants what comes from there on */
    const atomic_bool *cancel; /* looked at once a second and between pieces */
    http_sink_fn *sink;
    void *sink_ctx;
};

#define HTTP_HEADER_VALUE_BYTES 2048

struct http_answer {
    long status;                             /* 206 is told as 200 */
    char challenge[HTTP_HEADER_VALUE_BYTES]; /* WWW-Authenticate, "" when absent */
    char error_text[256];                    /* start of the body of any other answer */
};

/* libcurl's easy handle, kept for its connections. */
struct http_session;

struct http_session *http_session_new(void);
void http_session_free(struct http_session *session);
void http_session_freep(struct http_session **session);

/* Zero when the server answered, whatever the status.
 * Errors:  ERR_UNAVAILABLE  no whole answer came: worth another try unless `cancel` is set
 *          ERR_INVALID      the server's certificate is not trusted, or it is no server for TLS
 *          what the sink returned */
int http_session_get(struct http_session *session, const struct http_fetch *fetch,
                     struct http_answer *ret_answer, struct err *e) MUST_USE;

/* Append `text` percent-encoded for a query. */
void http_add_escaped(struct buf *b, const char *text);

/* A sink that appends to the `struct buf` given as its context. */
int http_sink_buf(void *ctx, const char *bytes, size_t n, struct err *e);

#endif
