/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/agent_event.h"

#include "model/limits.h"
#include "wire/field.h"

#include <jansson.h>

#include <errno.h>

static const char *const type_names[] = {
    [AGENT_EVENT_HEARTBEAT] = "heartbeat", [AGENT_EVENT_PULLING] = "pulling",
    [AGENT_EVENT_STARTED] = "started",     [AGENT_EVENT_FINISHED] = "finished",
    [AGENT_EVENT_WARMED] = "warmed",       [AGENT_EVENT_USAGE] = "usage",
    [AGENT_EVENT_TYPE_COUNT] = NULL,
};

static void put_heartbeat(struct buf *b, const struct agent_heartbeat *h)
{
    field_put_time(b, "at", h->at_us);
    field_put_i64(b, "mem_total", h->mem_total_mb);
    field_put_i64(b, "mem_free", h->mem_free_mb);
    field_put_i64(b, "disk_free", h->disk_free_bytes);
    field_put_i64(b, "runs", h->runs);
    field_put_i64(b, "images_cached", h->images_cached);
}

static void put_pulling(struct buf *b, const struct agent_pulling *p)
{
    field_put_i64(b, "done_bytes", p->done_bytes);
    field_put_i64(b, "total_bytes", p->total_bytes);
}

static void put_started(struct buf *b, const struct agent_started *s)
{
    field_put_time(b, "at", s->at_us);
    field_put_text(b, "image_digest", s->image_digest);
    field_put_i64(b, "pull_ms", s->pull_ms);
    field_put_i64(b, "start_ms", s->start_ms);
    field_put_text(b, "image", s->image);
}

static void put_finished(struct buf *b, const struct agent_finished *f)
{
    field_put_time(b, "at", f->at_us);
    if (f->has_exit_code)
        field_put_i64(b, "exit_code", f->exit_code);
    else
        field_put_text(b, "exit_code", NULL);
    field_put_text(b, "reason", f->reason);
    field_put_text(b, "message", f->message);
    field_put_i64(b, "last_line", f->last_line);
    field_put_i64(b, "log_bytes", f->log_bytes);
    field_put_bool(b, "log_truncated", f->log_truncated);
    field_put_i64(b, "cpu_ms", f->cpu_ms);
    field_put_i64(b, "memory_peak_bytes", f->memory_peak_bytes);
    field_put_i64(b, "io_read_bytes", f->io_read_bytes);
    field_put_i64(b, "io_write_bytes", f->io_write_bytes);
    field_put_bool(b, "oom_killed", f->oom_killed);
}

static void put_usage(struct buf *b, const struct agent_usage *u)
{
    field_put_time(b, "at", u->at_us);
    field_put_i64(b, "cpu_ms", u->cpu_ms);
    field_put_i64(b, "memory_bytes", u->memory_bytes);
    field_put_i64(b, "io_read_bytes", u->io_read_bytes);
    field_put_i64(b, "io_write_bytes", u->io_write_bytes);
    field_put_i64(b, "processes", u->processes);
}

void agent_event_put(struct buf *b, const struct agent_event *event)
{
    buf_add_char(b, '{');
    field_put_i64(b, "seq", event->seq);
    field_put_text(b, "type", type_names[event->type]);
    if (event->type == AGENT_EVENT_WARMED) {
        field_put_id(b, "runner", event->run_id);
    } else if (event->type != AGENT_EVENT_HEARTBEAT) {
        field_put_id(b, "run", event->run_id);
        field_put_i64(b, "attempt", event->attempt);
    }
    switch (event->type) {
    case AGENT_EVENT_HEARTBEAT:
        put_heartbeat(b, &event->heartbeat);
        break;
    case AGENT_EVENT_PULLING:
        put_pulling(b, &event->pulling);
        break;
    case AGENT_EVENT_STARTED:
        put_started(b, &event->started);
        break;
    case AGENT_EVENT_FINISHED:
        put_finished(b, &event->finished);
        break;
    case AGENT_EVENT_WARMED:
        field_put_text(b, "image_digest", event->warmed.image_digest);
        field_put_text(b, "message", event->warmed.message);
        break;
    case AGENT_EVENT_USAGE:
        put_usage(b, &event->usage);
        break;
    case AGENT_EVENT_TYPE_COUNT:
        break;
    }
    buf_add_char(b, '}');
}

static int parse_heartbeat(const json_t *object, struct agent_heartbeat *h, struct err *e)
{
    if ((json_object_get(object, "at") != NULL && field_get_time(object, "at", &h->at_us, e) < 0) ||
        field_get_u32(object, "mem_total", UINT32_MAX, &h->mem_total_mb, e) < 0 ||
        field_get_u32(object, "mem_free", UINT32_MAX, &h->mem_free_mb, e) < 0 ||
        field_get_i64(object, "disk_free", 0, INT64_MAX, &h->disk_free_bytes, e) < 0 ||
        field_get_u32(object, "runs", INT32_MAX, &h->runs, e) < 0 ||
        field_get_u32(object, "images_cached", INT32_MAX, &h->images_cached, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_pulling(const json_t *object, struct agent_pulling *p, struct err *e)
{
    if (field_get_i64(object, "done_bytes", 0, INT64_MAX, &p->done_bytes, e) < 0 ||
        field_get_i64(object, "total_bytes", 0, INT64_MAX, &p->total_bytes, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_started(const json_t *object, struct agent_started *s, struct err *e)
{
    if (field_get_time(object, "at", &s->at_us, e) < 0 ||
        field_get_text_or_null(object, "image_digest", &s->image_digest, e) < 0 ||
        field_get_u32(object, "pull_ms", INT32_MAX, &s->pull_ms, e) < 0 ||
        field_get_u32(object, "start_ms", INT32_MAX, &s->start_ms, e) < 0 ||
        field_get_text_or_null(object, "image", &s->image, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_exit_code(const json_t *object, struct agent_finished *f, struct err *e)
{
    if (json_is_null(json_object_get(object, "exit_code")))
        return 0;
    int64_t code = 0;
    if (field_get_i64(object, "exit_code", 0, INT32_MAX, &code, e) < 0)
        return ERR_INVALID;
    f->has_exit_code = true;
    f->exit_code = (int32_t)code;
    return 0;
}

static int parse_finished(const json_t *object, struct agent_finished *f, struct err *e)
{
    if (field_get_time(object, "at", &f->at_us, e) < 0 || parse_exit_code(object, f, e) < 0 ||
        field_get_text(object, "reason", &f->reason, e) < 0 ||
        field_get_text_or_null(object, "message", &f->message, e) < 0 ||
        field_get_i64(object, "last_line", 0, INT64_MAX, &f->last_line, e) < 0 ||
        field_get_i64(object, "log_bytes", 0, INT64_MAX, &f->log_bytes, e) < 0 ||
        field_get_bool(object, "log_truncated", &f->log_truncated, e) < 0 ||
        field_get_i64(object, "cpu_ms", 0, INT64_MAX, &f->cpu_ms, e) < 0 ||
        field_get_i64(object, "memory_peak_bytes", 0, INT64_MAX, &f->memory_peak_bytes, e) < 0 ||
        field_get_i64(object, "io_read_bytes", 0, INT64_MAX, &f->io_read_bytes, e) < 0 ||
        field_get_i64(object, "io_write_bytes", 0, INT64_MAX, &f->io_write_bytes, e) < 0 ||
        field_get_bool(object, "oom_killed", &f->oom_killed, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_warmed(const json_t *object, struct agent_event *event, struct err *e)
{
    if (field_get_id(object, "runner", &event->run_id, e) < 0 ||
        field_get_text_or_null(object, "image_digest", &event->warmed.image_digest, e) < 0 ||
        field_get_text_or_null(object, "message", &event->warmed.message, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_usage(const json_t *object, struct agent_usage *u, struct err *e)
{
    if (field_get_time(object, "at", &u->at_us, e) < 0 ||
        field_get_i64(object, "cpu_ms", 0, INT64_MAX, &u->cpu_ms, e) < 0 ||
        field_get_i64(object, "memory_bytes", 0, INT64_MAX, &u->memory_bytes, e) < 0 ||
        field_get_i64(object, "io_read_bytes", 0, INT64_MAX, &u->io_read_bytes, e) < 0 ||
        field_get_i64(object, "io_write_bytes", 0, INT64_MAX, &u->io_write_bytes, e) < 0 ||
        field_get_i64(object, "processes", 0, INT32_MAX, &u->processes, e) < 0)
        return ERR_INVALID;
    return 0;
}

static int parse_fence(const json_t *object, struct agent_event *event, struct err *e)
{
    int64_t attempt = 0;
    if (field_get_id(object, "run", &event->run_id, e) < 0 ||
        field_get_i64(object, "attempt", 1, INT32_MAX, &attempt, e) < 0)
        return ERR_INVALID;
    event->attempt = (uint32_t)attempt;
    return 0;
}

static int parse_event(const json_t *object, struct agent_event *event, struct err *e)
{
    size_t type = 0;
    if (field_get_i64(object, "seq", 0, INT64_MAX, &event->seq, e) < 0 ||
        field_get_choice(object, "type", type_names, &type, e) < 0)
        return ERR_INVALID;
    event->type = (enum agent_event_type)type;
    if (event->type == AGENT_EVENT_HEARTBEAT)
        return parse_heartbeat(object, &event->heartbeat, e);
    if (event->type == AGENT_EVENT_WARMED)
        return parse_warmed(object, event, e);
    if (parse_fence(object, event, e) < 0)
        return ERR_INVALID;
    if (event->type == AGENT_EVENT_PULLING)
        return parse_pulling(object, &event->pulling, e);
    if (event->type == AGENT_EVENT_USAGE)
        return parse_usage(object, &event->usage, e);
    if (event->type == AGENT_EVENT_STARTED)
        return parse_started(object, &event->started, e);
    return parse_finished(object, &event->finished, e);
}

int agent_event_list_parse(const char *text, size_t n, struct agent_event_list *ret_list,
                           struct err *e)
{
    CLEANUP(agent_event_list_done) struct agent_event_list list = {0};
    json_t *events = NULL;

    if (field_doc_parse(text, n, &list.doc, e) < 0 ||
        field_get_array(list.doc, "events", &events, e) < 0)
        return ERR_INVALID;
    list.n = json_array_size(events);
    if (list.n > LIMIT_AGENT_EVENTS)
        return err_set(e, ERR_LIMIT, "more than %d events in one request", LIMIT_AGENT_EVENTS);
    list.items = calloc(list.n + 1, sizeof(*list.items));
    if (list.items == NULL)
        return err_errno(e, ENOMEM, "read events");
    for (size_t i = 0; i < list.n; i++)
        if (parse_event(json_array_get(events, i), &list.items[i], e) < 0)
            return err_wrap(e, "events[%zu]", i);

    *ret_list = list;
    list = (struct agent_event_list){0};
    return 0;
}

void agent_event_list_done(struct agent_event_list *list)
{
    free(list->items);
    field_doc_free(list->doc);
    *list = (struct agent_event_list){0};
}
