/* SPDX-License-Identifier: Apache-2.0
 *
 * The long-lived GET /agent/v1/assignments: cut into lines, parsed, and taken up again with
 * back-off whenever it ends, breaks, or has been silent for too long.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_ASSIGNMENT_STREAM_H
#define ERRAND_HYPERVISOR_AGENT_ASSIGNMENT_STREAM_H

#include "control_client.h"
#include "wire/assignment_line.h"

/* The API sends a ping every 10 s. */
#define ASSIGNMENT_SILENCE_MS 25000

struct assignment_stream;

/* A line, borrowed; take the assignment out of it (and zero it there) to keep it. */
typedef void assignment_line_fn(void *ctx, struct assignment_line *line);

/* NULL when out of memory. `client` is borrowed. Not connected yet. */
struct assignment_stream *assignment_stream_new(struct uv_loop_s *loop,
                                                struct control_client *client,
                                                assignment_line_fn *on_line, void *ctx);
void assignment_stream_free(struct assignment_stream *stream);

void assignment_stream_connect(struct assignment_stream *stream);

#endif
