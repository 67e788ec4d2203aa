/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_call.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_MAX_BYTES ((size_t)16 * 1024)
#define REQUEST_MAX_BYTES ((size_t)40 << 20)

void engine_call_init(struct engine_call *call)
{
    *call = (struct engine_call){.state = ENGINE_CALL_IDLE, .fd = -1};
    buf_init(&call->request, REQUEST_MAX_BYTES);
    buf_init(&call->body, ENGINE_BODY_MAX_BYTES);
}

static void wipe_request(struct engine_call *call)
{
    if (call->request.data != NULL)
        explicit_bzero(call->request.data, call->request.cap);
    buf_done(&call->request);
}

static void hang_up(struct engine_call *call)
{
    fd_closep(&call->fd);
    call->fd = -1;
    wipe_request(call);
}

void engine_call_done(struct engine_call *call)
{
    hang_up(call);
    buf_done(&call->body);
    free(call->inbox);
    engine_call_init(call);
}

static int dial(const char *path, int *ret_fd, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return err_set(e, ERR_INVALID, "the engine's socket has too long a path");
    memcpy(address.sun_path, path, strlen(path) + 1);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_errno(e, errno, "connect to the engine at %s", path);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return err_set(e, ERR_UNAVAILABLE, "connect to the engine at %s: %s", path,
                       strerror(errno));
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static void put_request(struct engine_call *call, const struct engine_request *request)
{
    struct buf *b = &call->request;
    size_t body_n = request->body == NULL ? 0 : request->body->len;
    /* at once: what grows leaves copies behind that nobody wipes */
    buf_init(b, body_n + HEAD_MAX_BYTES);
    (void)buf_reserve(b, body_n + HEAD_MAX_BYTES);
    buf_printf(b, "%s %s HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n%s", request->method,
               request->path, request->header == NULL ? "" : request->header);
    if (request->body != NULL)
        buf_add_text(b, "Content-Type: application/json\r\n");
    buf_printf(b, "Content-Length: %zu\r\n\r\n", body_n);
    if (body_n > 0)
        buf_add(b, request->body->data, body_n);
}

int engine_call_start(struct engine_call *call, const struct engine_request *request, struct err *e)
{
    engine_call_done(call);
    int r = dial(request->socket, &call->fd, e);
    if (r < 0)
        return r;
    put_request(call, request);
    call->inbox = malloc(ENGINE_INBOX_BYTES);
    if (!buf_ok(&call->request) || call->inbox == NULL) {
        engine_call_done(call);
        return err_set(e, ERR_LIMIT, "the request to the engine is too large");
    }
    http_response_init(&call->response);
    call->is_stream = request->is_stream;
    call->state = ENGINE_CALL_SENDING;
    return 0;
}

uint32_t engine_call_events(const struct engine_call *call)
{
    switch (call->state) {
    case ENGINE_CALL_SENDING:
        return EPOLLOUT;
    case ENGINE_CALL_RECEIVING:
    case ENGINE_CALL_STREAMING:
        return EPOLLIN;
    case ENGINE_CALL_IDLE:
    case ENGINE_CALL_DONE:
    case ENGINE_CALL_FAILED:
        break;
    }
    return 0;
}

static void set_failed(struct engine_call *call)
{
    hang_up(call);
    call->state = ENGINE_CALL_FAILED;
}

static void set_done(struct engine_call *call)
{
    hang_up(call);
    call->state = ENGINE_CALL_DONE;
}

/* An engine may answer, and close, before it has read all: then what is to be read tells more. */
static void send_more(struct engine_call *call)
{
    while (call->sent < call->request.len) {
        ssize_t put = send(call->fd, call->request.data + call->sent,
                           call->request.len - call->sent, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        if (put < 0)
            break;
        call->sent += (size_t)put;
    }
    wipe_request(call);
    call->state = ENGINE_CALL_RECEIVING;
}

/* False: nothing to read now, or no longer. */
static bool fill_inbox(struct engine_call *call)
{
    ssize_t got;
    do {
        got = recv(call->fd, call->inbox, ENGINE_INBOX_BYTES, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got > 0) {
        call->inbox_at = 0;
        call->inbox_n = (size_t)got;
        return true;
    }
    if (got < 0)
        (void)err_errno(&call->problem, errno, "read the engine's answer");
    if (got < 0 || http_response_end(&call->response, &call->problem) < 0)
        set_failed(call);
    else
        set_done(call);
    return false;
}

/* The next piece of the body out of the inbox; false when more has to be received first. */
static bool next_piece(struct engine_call *call, struct http_piece *piece)
{
    *piece = (struct http_piece){.n = 0};
    while (call->inbox_at < call->inbox_n && !http_response_is_done(&call->response)) {
        if (http_response_take(&call->response, call->inbox + call->inbox_at,
                               call->inbox_n - call->inbox_at, piece, &call->problem) < 0) {
            set_failed(call);
            return false;
        }
        call->inbox_at += piece->taken;
        if (piece->n > 0)
            return true;
    }
    return false;
}

static bool is_under_way(const struct engine_call *call)
{
    return call->state == ENGINE_CALL_RECEIVING || call->state == ENGINE_CALL_STREAMING;
}

int engine_call_read(struct engine_call *call, const char **ret_piece, size_t *ret_n)
{
    struct http_piece piece;
    while (is_under_way(call)) {
        if (next_piece(call, &piece)) {
            *ret_piece = piece.body;
            *ret_n = piece.n;
            return 1;
        }
        if (is_under_way(call) && http_response_is_done(&call->response))
            set_done(call);
        if (is_under_way(call) && !fill_inbox(call))
            return 0;
    }
    return 0;
}

/* Takes no byte of the body, so that whoever streams gets all of it. */
static void receive_head(struct engine_call *call)
{
    while (is_under_way(call) && !http_response_has_head(&call->response)) {
        if (call->inbox_at == call->inbox_n && !fill_inbox(call))
            return;
        struct http_piece piece;
        size_t left = call->inbox_n - call->inbox_at;
        const char *at = call->inbox + call->inbox_at;
        const char *newline = memchr(at, '\n', left);
        size_t n = newline == NULL ? left : (size_t)(newline - at) + 1;
        if (http_response_take(&call->response, at, n, &piece, &call->problem) < 0) {
            set_failed(call);
            return;
        }
        call->inbox_at += piece.taken;
    }
}

static void receive_body(struct engine_call *call)
{
    const char *piece;
    size_t n;
    while (engine_call_read(call, &piece, &n) == 1)
        buf_add(&call->body, piece, n);
    if (call->state == ENGINE_CALL_DONE && !buf_ok(&call->body)) {
        (void)err_set(&call->problem, ERR_LIMIT, "the engine's answer is too large");
        set_failed(call);
    }
}

static bool is_success(const struct engine_call *call)
{
    return call->response.status < 300;
}

enum engine_call_state engine_call_step(struct engine_call *call)
{
    if (call->state == ENGINE_CALL_SENDING)
        send_more(call);
    if (call->state == ENGINE_CALL_RECEIVING)
        receive_head(call);
    if (call->state != ENGINE_CALL_RECEIVING || !http_response_has_head(&call->response))
        return call->state;
    if (call->is_stream && is_success(call))
        call->state = ENGINE_CALL_STREAMING;
    else
        receive_body(call);
    return call->state;
}

int engine_call_finish(struct engine_call *call, int64_t until_mono_us, struct err *e)
{
    for (;;) {
        enum engine_call_state state = engine_call_step(call);
        if (state == ENGINE_CALL_DONE || state == ENGINE_CALL_STREAMING)
            return 0;
        if (state == ENGINE_CALL_FAILED)
            return err_set(e, call->problem.code, "%s", call->problem.msg);
        int64_t left_us = until_mono_us - clock_mono_us();
        if (left_us <= 0)
            return err_set(e, ERR_UNAVAILABLE, "the engine does not answer");
        struct pollfd fd = {.fd = call->fd,
                            .events = state == ENGINE_CALL_SENDING ? POLLOUT : POLLIN};
        (void)poll(&fd, 1, (int)(left_us / CLOCK_US_PER_MS) + 1);
    }
}
