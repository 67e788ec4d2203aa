/* SPDX-License-Identifier: Apache-2.0
 *
 * One request to a container engine over its Unix socket, on a connection of its own. It never
 * blocks unless asked to: call engine_call_step() whenever the descriptor is ready for what
 * engine_call_events() wants, or engine_call_finish() to wait.
 *
 * The answer's body is either gathered, or, when the request was started with `is_stream`, read
 * piece by piece with engine_call_read() once the header is there, no faster than the caller asks.
 */
#ifndef ERRAND_ENGINE_ENGINE_CALL_H
#define ERRAND_ENGINE_ENGINE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "engine/http_response.h"

/* Of a gathered body. */
#define ENGINE_BODY_MAX_BYTES ((size_t)4 << 20)

#define ENGINE_INBOX_BYTES ((size_t)64 * 1024)

enum engine_call_state {
    ENGINE_CALL_IDLE,
    ENGINE_CALL_SENDING,
    ENGINE_CALL_RECEIVING, /* the header, and a gathered body */
    ENGINE_CALL_STREAMING, /* the header is there, the body is read piece by piece */
    ENGINE_CALL_DONE,
    ENGINE_CALL_FAILED, /* `problem` says why */
};

struct engine_call {
    enum engine_call_state state;
    int fd; /* -1 unless under way */
    bool is_stream;
    struct buf request; /* wiped once it is sent */
    size_t sent;
    struct http_response response;
    struct buf body;
    char *inbox; /* owned; ENGINE_INBOX_BYTES */
    size_t inbox_at;
    size_t inbox_n;
    struct err problem;
};

struct engine_request {
    const char *socket; /* path */
    const char *method;
    const char *path;       /* with query; already escaped */
    const char *header;     /* one more line with its CRLF, or NULL */
    const struct buf *body; /* JSON, or NULL */
    bool is_stream;
};

void engine_call_init(struct engine_call *call);

/* Closes and wipes; the call is idle again. */
void engine_call_done(struct engine_call *call);

/* Connect and begin to send. A call that was used before is begun anew. On failure the call is as
 * after engine_call_init(). ERR_UNAVAILABLE: nobody listens. */
int engine_call_start(struct engine_call *call, const struct engine_request *request,
                      struct err *e) MUST_USE;

/* EPOLLIN or EPOLLOUT; 0 when there is nothing to wait for. */
uint32_t engine_call_events(const struct engine_call *call);

/* Go on as far as is possible without waiting. */
enum engine_call_state engine_call_step(struct engine_call *call);

/* While STREAMING: the next piece of the body, which is valid until the next call.
 * 1 = a piece, 0 = none now, or the state is no longer STREAMING. */
int engine_call_read(struct engine_call *call, const char **ret_piece, size_t *ret_n);

/* Step until DONE or STREAMING. ERR_UNAVAILABLE: not by `until_mono_us`; the call is still under
 * way then, but for other failures it is not. */
int engine_call_finish(struct engine_call *call, int64_t until_mono_us, struct err *e) MUST_USE;

#endif
