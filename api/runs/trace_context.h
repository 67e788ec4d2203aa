/* SPDX-License-Identifier: Apache-2.0
 *
 * Which trace a run is part of, and the names of its spans. Source: W3C Trace Context,
 * "traceparent".
 *
 * Ids are made of the run's: the same run has the same spans whoever asks and how often.
 */
#ifndef ERRAND_API_TRACE_CONTEXT_H
#define ERRAND_API_TRACE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"

#define TRACE_ID_CHARS 32
#define SPAN_ID_CHARS 16
#define TRACEPARENT_CHARS 55
#define TRACEPARENT_KEY "TRACEPARENT" /* in the container's environment */

struct trace_context {
    char trace_id[TRACE_ID_CHARS + 1];
    char parent_id[SPAN_ID_CHARS + 1]; /* "": nobody triggered it in a trace */
    char flags[3];
};

/* False for what is no traceparent; a trace begins anew then. Of a later version what version 00
 * knows is taken. `text` may be NULL. */
bool trace_context_parse(const char *text, struct trace_context *ret_context);

/* Of a run; `traceparent` as stored, or NULL. */
void trace_context_of_run(struct id run, const char *traceparent,
                          struct trace_context *ret_context);

/* The span of a run's part, "run" for the whole; `text` has SPAN_ID_CHARS + 1. */
void trace_span_id(struct id run, long long attempt, const char *part, char *text);

/* For the container, whose spans belong below the run's; `text` has TRACEPARENT_CHARS + 1. */
void trace_context_put(const struct trace_context *context, struct id run, char *text);

#endif
