/* SPDX-License-Identifier: Apache-2.0
 *
 * An HTTP/1.1 client that leaves an idle stream is not noticed by h2o, which does not read from the
 * socket during a response. So the socket is watched for the end of input, and looked at without
 * reading from it; it is h2o's again before the response ends. HTTP/2 connections are always read
 * by h2o.
 */
#include "http/stream.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "http/reply.h"
#include "http/request_begin.h"
#include "http/route.h"
#include "metrics/figures.h"

struct blob_queue {
    struct blob *items[STREAM_PUSHES_MAX];
    size_t n;
};

struct stream {
    h2o_generator_t generator; /* first: h2o hands this back */
    h2o_req_t *req;
    h2o_loop_t *loop;
    struct figures *figures;
    enum figure figure; /* the streams that it is one of */
    h2o_timeout_t *beat;
    h2o_timeout_entry_t beat_entry;
    bool is_watching;
    const struct stream_events *events; /* NULL: the caller is done with it */
    void *user;
    struct blob_queue sending; /* owned references, as in `waiting` */
    struct blob_queue waiting;
    bool flush; /* send `waiting` when `sending` has left */
    bool finish;
    bool hung_up; /* while something was on its way */
    bool over;    /* the last h2o_send() was made */
};

static void queue_clear(struct blob_queue *queue)
{
    for (size_t i = 0; i < queue->n; i++)
        blob_unref(queue->items[i]);
    queue->n = 0;
}

static h2o_socket_t *socket_of(const struct stream *stream)
{
    return stream->req->conn->callbacks->get_socket(stream->req->conn);
}

static void stop_watching(struct stream *stream)
{
    if (!stream->is_watching)
        return;
    h2o_socket_t *socket = socket_of(stream);
    h2o_socket_read_stop(socket);
    h2o_socket_dont_read(socket, 0);
    connection_set_watcher(socket, NULL);
    stream->is_watching = false;
}

/* The request's memory is being released, for whatever reason. */
static void on_dispose(void *memory)
{
    struct stream *stream = memory;
    const struct stream_events *events = TAKE_PTR(stream->events);
    h2o_timeout_unlink(&stream->beat_entry);
    figures_add(stream->figures, stream->figure, -1);
    stop_watching(stream);
    queue_clear(&stream->sending);
    queue_clear(&stream->waiting);
    if (events != NULL)
        events->on_gone(stream->user);
}

/* May release the stream. */
static void send_last(struct stream *stream, h2o_iovec_t *pieces, size_t n, h2o_send_state_t state)
{
    stream->over = true;
    stop_watching(stream);
    h2o_timeout_unlink(&stream->beat_entry);
    h2o_send(stream->req, pieces, n, state);
}

/* May release the stream. */
static void send_waiting(struct stream *stream)
{
    h2o_iovec_t pieces[STREAM_PUSHES_MAX];
    assert(stream->sending.n == 0);
    stream->sending = stream->waiting;
    stream->waiting.n = 0;
    stream->flush = false;
    for (size_t i = 0; i < stream->sending.n; i++) {
        const struct blob *blob = stream->sending.items[i];
        pieces[i] = h2o_iovec_init(blob->bytes, blob->len);
    }

    if (stream->finish) {
        send_last(stream, pieces, stream->sending.n, H2O_SEND_STATE_FINAL);
    } else {
        h2o_timeout_unlink(&stream->beat_entry);
        h2o_send(stream->req, pieces, stream->sending.n, H2O_SEND_STATE_IN_PROGRESS);
    }
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct stream *stream = (struct stream *)generator;
    (void)req;
    queue_clear(&stream->sending);
    if (stream->hung_up) {
        send_last(stream, NULL, 0, H2O_SEND_STATE_ERROR);
        return;
    }
    if (stream->finish) {
        send_waiting(stream);
        return;
    }
    if (stream->flush && stream->waiting.n > 0)
        send_waiting(stream);
    else
        h2o_timeout_link(stream->loop, stream->beat, &stream->beat_entry);
    if (stream->events != NULL && stream->waiting.n == 0)
        stream->events->on_room(stream->user);
}

static void on_beat(h2o_timeout_entry_t *entry)
{
    struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, beat_entry, entry);
    h2o_timeout_link(stream->loop, stream->beat, &stream->beat_entry);
    if (stream->events != NULL)
        stream->events->on_beat(stream->user);
}

/* Input instead of its end is a pipelined request, which waits; heartbeats find out from then on.
 */
static void on_hangup(h2o_socket_t *socket, const char *err)
{
    struct stream *stream = connection_watcher(socket);
    char byte;
    ssize_t n = recv(h2o_socket_get_fd(socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (err == NULL && n < 0 && (errno == EAGAIN || errno == EINTR))
        return;

    stop_watching(stream);
    stream->hung_up = err != NULL || n <= 0;
    if (stream->hung_up && stream->sending.n == 0)
        send_last(stream, NULL, 0, H2O_SEND_STATE_ERROR);
}

static void watch_for_hangup(struct stream *stream)
{
    h2o_conn_t *conn = stream->req->conn;
    if (stream->req->version >= 0x200 || conn->callbacks->get_socket == NULL)
        return;
    h2o_socket_t *socket = socket_of(stream);
    connection_set_watcher(socket, stream);
    h2o_socket_dont_read(socket, 1);
    h2o_socket_read_start(socket, on_hangup);
    stream->is_watching = true;
}

struct stream *stream_open(struct request *rq, const char *content_type, h2o_timeout_t *beat,
                           const struct stream_events *events, void *user)
{
    if (rq->req == NULL)
        return NULL;
    reply_header(rq, "content-type", content_type);
    reply_header(rq, "cache-control", "no-store");
    reply_header(rq, "x-accel-buffering", "no");
    if (h2o_memis(rq->req->input.method.base, rq->req->input.method.len, H2O_STRLIT("HEAD"))) {
        reply_empty(rq, 200);
        return NULL;
    }
    reply_header(rq, "x-request-id", rq->id);

    request_count_answer(rq, 200, true);
    h2o_req_t *req = TAKE_PTR(rq->req);
    req->res.status = 200;
    req->res.reason = "OK";

    struct stream *stream = h2o_mem_alloc_shared(&req->pool, sizeof(*stream), on_dispose);
    *stream = (struct stream){
        .generator = {on_proceed, NULL},
        .req = req,
        .loop = rq->loop->h2o.loop,
        .beat = beat,
        .beat_entry = {.cb = on_beat},
        .events = events,
        .user = user,
        .figures = rq->loop->figures,
        .figure = rq->route != NULL && rq->route->access == ACCESS_HYPERVISOR ? FIGURE_AGENT_STREAMS
                                                                              : FIGURE_LOG_STREAMS,
    };
    figures_add(stream->figures, stream->figure, 1);
    h2o_start_response(req, &stream->generator);
    watch_for_hangup(stream);
    return stream;
}

bool stream_has_room(const struct stream *stream)
{
    return stream->waiting.n == 0;
}

void stream_push(struct stream *stream, struct blob *blob)
{
    assert(stream->waiting.n < STREAM_PUSHES_MAX);
    stream->waiting.items[stream->waiting.n++] = blob_ref(blob);
}

void stream_flush(struct stream *stream)
{
    stream->flush = true;
    if (stream->sending.n == 0 && stream->waiting.n > 0 && !stream->over)
        send_waiting(stream);
}

void stream_finish(struct stream *stream)
{
    stream->events = NULL;
    stream->finish = true;
    if (stream->sending.n == 0 && !stream->over)
        send_waiting(stream);
}

void stream_abort(struct stream *stream)
{
    stream->events = NULL;
    stream->finish = true;
    queue_clear(&stream->waiting);
    if (stream->sending.n == 0 && !stream->over)
        send_last(stream, NULL, 0, H2O_SEND_STATE_ERROR);
}
