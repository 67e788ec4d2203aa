/* SPDX-License-Identifier: Apache-2.0
 *
 * A response that goes on: written piece by piece, no faster than the client reads, until one side
 * ends it.
 *
 * What is pushed waits until what was sent has left, so a stream holds at most what was pushed
 * while it was not ready; whoever pushes looks at stream_is_ready() first. The stream's memory
 * belongs to the client's request and goes with it: after on_gone() it must not be touched.
 *
 * Thread: the loop's, inside a callback of the loop.
 */
#ifndef ERRAND_API_STREAM_H
#define ERRAND_API_STREAM_H

#include <stdbool.h>

#include "http/blob.h"
#include "http/request.h"

#define STREAM_PUSHES_MAX 4 /* between two flushes */

struct stream;

/* None of these is called from inside a stream_ function. */
struct stream_events {
    /* Something has left and nothing waits. */
    void (*on_room)(void *user);
    /* Nothing was sent for a beat: push something short to show that the stream lives. */
    void (*on_beat)(void *user);
    /* The client is gone, and so is the stream. */
    void (*on_gone)(void *user);
};

/* Answer 200; `rq` has its answer then. Nothing leaves before the first flush. NULL when the client
 * is gone already or asked for the header only. `beat` is a timer list of this loop; it outlives
 * the stream. */
struct stream *stream_open(struct request *rq, const char *content_type, h2o_timeout_t *beat,
                           const struct stream_events *events, void *user);

/* Nothing waits to be sent. */
bool stream_has_room(const struct stream *stream);

/* Queue bytes; the stream takes a reference of its own. */
void stream_push(struct stream *stream, struct blob *blob);

/* Send what was pushed, at once or as soon as what is on its way has left. */
void stream_flush(struct stream *stream);

/* Send what was pushed and end well; events are over for the caller. */
void stream_finish(struct stream *stream);

/* End it as broken, so that the client sees that something is missing; events are over. */
void stream_abort(struct stream *stream);

#endif
