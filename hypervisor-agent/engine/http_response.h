/* SPDX-License-Identifier: Apache-2.0
 *
 * An HTTP/1.1 response taken in piece by piece, as bytes arrive: status line, header, and a body
 * framed by its length, by chunks or by the end of the connection. Pure; all that is kept has a
 * ceiling. Only what an engine's answers need is understood: trailers are skipped, nothing is
 * decompressed.
 * Source: RFC 9112, sections 4, 6.3 and 7.1
 */
#ifndef ERRAND_ENGINE_HTTP_RESPONSE_H
#define ERRAND_ENGINE_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_LINE_MAX_BYTES 8192
#define HTTP_HEAD_MAX_BYTES ((size_t)32 * 1024)

enum http_part {
    HTTP_PART_STATUS,
    HTTP_PART_HEADER,
    HTTP_PART_BODY_LENGTH, /* `left` bytes to go */
    HTTP_PART_BODY_TO_END,
    HTTP_PART_CHUNK_SIZE,
    HTTP_PART_CHUNK, /* `left` bytes to go */
    HTTP_PART_CHUNK_END,
    HTTP_PART_TRAILER,
    HTTP_PART_DONE,
};

struct http_response {
    enum http_part part;
    int status; /* 0 until the status line is read; 1xx answers but 101 are skipped */
    uint64_t left;
    bool is_chunked;
    bool has_length;
    uint64_t length;
    size_t head_n; /* bytes of header and trailer so far */
    size_t line_n;
    char line[HTTP_LINE_MAX_BYTES];
};

struct http_piece {
    const char *body; /* points into the bytes given; NULL when `n` is 0 */
    size_t n;
    size_t taken; /* bytes used up, body included */
};

void http_response_init(struct http_response *response);

/* Take bytes until there is a piece of body, or all are taken, or the response is done. Call again
 * with the rest. ERR_INVALID: this is no HTTP, or more than the ceilings allow; the response is of
 * no use then. */
int http_response_take(struct http_response *response, const char *bytes, size_t n,
                       struct http_piece *ret_piece, struct err *e) MUST_USE;

/* The connection has ended. ERR_UNAVAILABLE: before the response was whole. */
int http_response_end(struct http_response *response, struct err *e) MUST_USE;

/* The header is read: status is set, and what follows is body. */
bool http_response_has_head(const struct http_response *response);

bool http_response_is_done(const struct http_response *response);

#endif
