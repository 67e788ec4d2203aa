/* SPDX-License-Identifier: Apache-2.0
 *
 * The spans of a run follow each other:
 *
 *   run      accepted ............................................. ended
 *   accept   accepted .. queued
 *   queue              queued .. assigned                  again for each attempt, as all below
 *   assign                     assigned .. the agent begins
 *   pull                                 .. the image is there
 *   start                                   .. the process runs
 *   execute                                    .. ended
 *   log                                           .. its last line is stored
 *
 * When it was accepted stands in its id, a UUIDv7; an agent reports how long pull and start took
 * and when the process ran. Source: OTLP specification, "JSON Protobuf Encoding".
 */
#include "runs/run_trace.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "service/process.h"
#include "store/trace_store.h"

#include "http/reply.h"
#include "runs/trace_context.h"

#define KIND_INTERNAL 1
#define KIND_SERVER 2
#define STATUS_OK 1
#define STATUS_ERROR 2
#define TIME_BYTES 32

struct tracing {
    struct trace_context context;
    struct id run;
    json_t *spans;
    int64_t at_us; /* where the last span ended */
};

static json_t *time_json(int64_t at_us)
{
    char text[TIME_BYTES];
    (void)snprintf(text, sizeof(text), "%" PRId64 "000", at_us);
    return json_string(text);
}

static void add_text(json_t *attributes, const char *key, const char *value)
{
    if (value != NULL)
        (void)json_array_append_new(
            attributes, json_pack("{s:s, s:{s:s}}", "key", key, "value", "stringValue", value));
}

/* OTLP spells 64-bit integers as texts. */
static void add_int(json_t *attributes, const char *key, int64_t value)
{
    char text[TIME_BYTES];
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    (void)json_array_append_new(attributes,
                                json_pack("{s:s, s:{s:s}}", "key", key, "value", "intValue", text));
}

/* From where the last one ended; without an end it goes on now. Takes `attributes`. */
static void add_span(struct tracing *t, const char *part, int64_t attempt, int64_t end_us,
                     json_t *attributes)
{
    char id[SPAN_ID_CHARS + 1];
    char parent[SPAN_ID_CHARS + 1];
    trace_span_id(t->run, attempt, part, id);
    trace_span_id(t->run, 0, "run", parent);
    int64_t start_us = t->at_us;
    if (end_us == 0) {
        end_us = clock_now_us();
        add_text(attributes, "errand.open", "true");
    }
    t->at_us = end_us > start_us ? end_us : start_us; /* clocks differ */
    if (attempt > 0)
        add_int(attributes, "errand.attempt", attempt);
    (void)json_array_append_new(
        t->spans, json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "traceId",
                            t->context.trace_id, "spanId", id, "parentSpanId", parent, "name", part,
                            "kind", KIND_INTERNAL, "startTimeUnixNano", time_json(start_us),
                            "endTimeUnixNano", time_json(t->at_us), "attributes", attributes));
}

static json_t *attempt_attributes(const struct trace_attempt *a)
{
    json_t *attributes = json_array();
    add_text(attributes, "errand.hypervisor", a->hypervisor);
    return attributes;
}

static void add_execution(struct tracing *t, const struct trace_attempt *a)
{
    json_t *attributes = attempt_attributes(a);
    add_text(attributes, "errand.termination_reason", a->reason);
    if (a->exit_code >= 0)
        add_int(attributes, "process.exit.code", a->exit_code);
    add_span(t, "execute", a->attempt, a->completed_us, attributes);
    bool is_stored = a->log_lines >= 0 && a->log_stored >= a->log_lines;
    if (is_stored && a->log_us > a->completed_us) {
        json_t *of_log = attempt_attributes(a);
        add_int(of_log, "errand.log_lines", a->log_lines);
        int64_t ended_us = t->at_us;
        add_span(t, "log", a->attempt, a->log_us, of_log);
        t->at_us = ended_us; /* the next attempt does not wait for it */
    }
}

static void add_attempt(struct tracing *t, const struct trace_attempt *a)
{
    if (a->assigned_us == 0) {
        add_span(t, "queue", a->attempt, a->completed_us, attempt_attributes(a));
        return;
    }
    add_span(t, "queue", a->attempt, a->assigned_us, attempt_attributes(a));
    if (a->started_us == 0) {
        add_span(t, "assign", a->attempt, a->completed_us, attempt_attributes(a));
        return;
    }
    int64_t start_us = a->start_ms > 0 ? a->start_ms * CLOCK_US_PER_MS : 0;
    int64_t pull_us = a->pull_ms > 0 ? a->pull_ms * CLOCK_US_PER_MS : 0;
    add_span(t, "assign", a->attempt, a->started_us - start_us - pull_us, attempt_attributes(a));
    if (a->pull_ms >= 0)
        add_span(t, "pull", a->attempt, a->started_us - start_us, attempt_attributes(a));
    add_span(t, "start", a->attempt, a->started_us, attempt_attributes(a));
    add_execution(t, a);
}

static json_t *whole_attributes(const struct trace_attempt *last)
{
    json_t *attributes = json_array();
    add_text(attributes, "errand.run", ID_TEXT(last->run));
    add_text(attributes, "errand.runner", last->runner);
    add_text(attributes, "errand.state", last->state);
    add_text(attributes, "container.image.name", last->image);
    add_text(attributes, "errand.termination_reason", last->reason);
    return attributes;
}

static void add_whole(struct tracing *t, int64_t accepted_us, const struct trace_attempt *last)
{
    char id[SPAN_ID_CHARS + 1];
    trace_span_id(t->run, 0, "run", id);
    json_t *attributes = whole_attributes(last);
    bool is_over = last->completed_us != 0;
    if (!is_over)
        add_text(attributes, "errand.open", "true");
    bool failed = strcmp(last->state, "failed") == 0;
    json_t *span = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:{s:i}}", "traceId", t->context.trace_id,
        "spanId", id, "parentSpanId", t->context.parent_id, "name", "run", "kind", KIND_SERVER,
        "startTimeUnixNano", time_json(accepted_us), "endTimeUnixNano",
        time_json(is_over && last->completed_us > accepted_us ? last->completed_us : t->at_us),
        "attributes", attributes, "status", "code", failed ? STATUS_ERROR : STATUS_OK);
    (void)json_array_insert_new(t->spans, 0, span);
}

/* The milliseconds that a UUIDv7 begins with. */
static int64_t made_us(struct id id)
{
    int64_t ms = 0;
    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | id.bytes[i];
    return ms * CLOCK_US_PER_MS;
}

static json_t *export_of(const struct rows *rows)
{
    struct trace_attempt a;
    trace_store_read(rows, 0, &a);
    struct tracing t = {.run = a.run, .spans = json_array()};
    trace_context_of_run(a.run, a.traceparent, &t.context);
    /* the API's clock and the database's */
    int64_t accepted_us = made_us(a.run) < a.created_us ? made_us(a.run) : a.created_us;
    t.at_us = accepted_us;
    add_span(&t, "accept", 0, a.created_us, json_array());
    for (int i = 0; i < rows_count(rows); i++) {
        trace_store_read(rows, i, &a);
        add_attempt(&t, &a);
    }
    add_whole(&t, accepted_us, &a);

    json_t *resource = json_array();
    add_text(resource, "service.name", "errand");
    add_text(resource, "service.version", process_version);
    return json_pack("{s:[{s:{s:o}, s:[{s:{s:s, s:s}, s:o}]}]}", "resourceSpans", "resource",
                     "attributes", resource, "scopeSpans", "scope", "name", "errand", "version",
                     process_version, "spans", t.spans);
}

static void on_list(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
    else
        reply_json(rq, 200, export_of(rows));
}

/* The path is /v1/runs/:id/trace or /v1/runners/:id/runs/:id/trace. */
void run_trace_get(struct request *rq)
{
    struct params p;
    struct run_place place = {.project = rq->principal.project, .run = rq->path_ids[0]};
    if (!id_is_nil(rq->path_ids[1])) {
        place.runner = rq->path_ids[0];
        place.run = rq->path_ids[1];
    }
    trace_store_list_params(&p, place);
    request_query(rq, &trace_store_list, &p, on_list);
}
