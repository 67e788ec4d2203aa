/* SPDX-License-Identifier: Apache-2.0
 *
 * Newest first, by keyset: an event's id is its place, so a page stays what it was while events are
 * added. An administrator of the installation may ask for all projects.
 */
#include "access/audit_events.h"

#include <string.h>

#include "model/limits.h"
#include "store/audit_store.h"

#include "http/fields.h"
#include "http/members.h"
#include "http/query.h"
#include "http/reply.h"

#define EXPORT_MAX_BYTES (64 << 20)

struct audit_query {
    struct audit_filter filter;
    const char *all;
    const char *format;
};

static const char *const yes[] = {"1", "true", NULL};
static const char *const formats[] = {"json", "ndjson", NULL};

#define QUERY(member) .offset = offsetof(struct audit_query, member)

static const struct field table[] = {
    {"before", FIELD_ID, QUERY(filter.before)},
    {"limit", FIELD_INT, QUERY(filter.limit), .min = 1, .max = LIMIT_AUDIT_PAGE_MAX},
    {"action", FIELD_TEXT, QUERY(filter.action), .min = 1, .max = 64},
    {"object_id", FIELD_ID, QUERY(filter.object)},
    {"since", FIELD_TIME, QUERY(filter.since_us)},
    {"until", FIELD_TIME, QUERY(filter.until_us)},
    {"all_projects", FIELD_CHOICE, QUERY(all), .choices = yes},
    {"format", FIELD_CHOICE, QUERY(format), .choices = formats},
};

static json_t *event_json(const struct audit_event *event)
{
    json_t *object = json_object();
    member_id(object, "id", event->id);
    member_time(object, "at", event->at_us);
    member_id(object, "project_id", event->project);
    member_json(object, "actor", event->actor);
    member_text(object, "action", event->action);
    member_id(object, "object_id", event->object);
    member_json(object, "before", event->before);
    member_json(object, "after", event->after);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    const struct audit_query *query = rq->state;
    struct audit_event event = {0};
    json_t *events = json_array();
    for (int i = 0; i < rows_count(rows); i++) {
        audit_store_read(rows, i, &event);
        (void)json_array_append_new(events, event_json(&event));
    }
    json_t *meta = json_object();
    bool is_last = rows_count(rows) < query->filter.limit;
    struct id none = {0};
    member_id(meta, "next_before", is_last ? none : event.id);
    reply_json(rq, 200, json_pack("{s:o, s:o}", "audit_events", events, "meta", meta));
}

static void on_export(struct request *rq, const struct rows *rows)
{
    struct buf lines;
    buf_init(&lines, EXPORT_MAX_BYTES);
    for (int i = 0; i < rows_count(rows); i++) {
        struct audit_event event;
        audit_store_read(rows, i, &event);
        json_t *object = event_json(&event);
        char *text = json_dumps(object, JSON_COMPACT);
        buf_add_text(&lines, text);
        buf_add_char(&lines, '\n');
        free(text);
        json_decref(object);
    }
    reply_bytes(rq, 200, "application/x-ndjson", &lines);
}

void audit_events_list(struct request *rq)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct audit_query *query = request_alloc(rq, sizeof(*query));
    query->filter.limit = LIMIT_AUDIT_PAGE_DEFAULT;
    h2o_iovec_t path = rq->req->path;
    size_t at = rq->req->query_at != SIZE_MAX ? rq->req->query_at + 1 : path.len;
    query_read(&f, path.base + at, path.len - at, table, ARRAY_LEN(table), query);
    if (reply_if_problems(rq, &f.problems))
        return;
    if (query->all != NULL && !rq->principal.is_admin) {
        reply_error(rq, ERR_DENIED, "Only an administrator of the installation may do that");
        return;
    }
    if (query->all == NULL)
        query->filter.project = rq->principal.project;
    rq->state = query;
    bool exports = query->format != NULL && strcmp(query->format, "ndjson") == 0;
    struct params p;
    audit_store_list_params(&p, &query->filter);
    request_query(rq, &audit_store_list, &p, exports ? on_export : on_list);
}
