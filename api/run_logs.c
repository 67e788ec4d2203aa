/* SPDX-License-Identifier: Apache-2.0 */
#include "run_logs.h"

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "model/limits.h"
#include "store/log_lines.h"
#include "store/log_store.h"

#include "log_event.h"
#include "log_topic.h"
#include "reply.h"

#define LINE_ID_MAX INT64_C(9007199254740991) /* what JSON numbers hold exactly */
#define PAGE_READ_BYTES (4 << 20)
#define PAGE_BYTES (4 << 20) /* a page ends early once it has so much */
#define PAGE_BYTES_MAX (PAGE_BYTES + 8 * LIMIT_LOG_LINE_BYTES)

/* The path is /v1/runs/:id/... or /v1/runners/:id/runs/:id/... */
struct run_path {
    struct id runner; /* nil: any */
    struct id run;
};

struct list_request {
    struct log_page page;
    enum log_stream stream; /* 0: all */
};

struct stream_request {
    struct log_position position;
};

static struct run_path path_of(const struct request *rq)
{
    if (id_is_nil(rq->path_ids[1]))
        return (struct run_path){.run = rq->path_ids[0]};
    return (struct run_path){.runner = rq->path_ids[0], .run = rq->path_ids[1]};
}

static void reply_no_run(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such run");
}

/* False when answered. */
static bool read_stream_param(struct request *rq, enum log_stream *ret_stream)
{
    const char *name = request_query_param(rq, "stream");
    *ret_stream = 0;
    if (name == NULL)
        return true;
    for (enum log_stream s = LOG_STREAM_STDOUT; s <= LOG_STREAM_SYSTEM; s++) {
        if (strcmp(name, log_stream_name(s)) == 0) {
            *ret_stream = s;
            return true;
        }
    }
    reply_problem(rq, "stream", "must be stdout, stderr or system");
    return false;
}

static bool read_page_params(struct request *rq, struct log_page *page)
{
    page->max_bytes = PAGE_READ_BYTES;
    return request_query_int(rq, "after_id", 0, LINE_ID_MAX, 0, &page->after_id) &&
           request_query_int(rq, "before_id", 1, LINE_ID_MAX, 0, &page->before_id) &&
           request_query_int(rq, "tail", 1, LIMIT_LOG_PAGE_MAX, 0, &page->tail) &&
           request_query_int(rq, "limit", 1, LIMIT_LOG_PAGE_MAX,
                             page->tail > 0 ? page->tail : LIMIT_LOG_PAGE_DEFAULT, &page->limit);
}

/* Put the page's lines; `*last_id` is the last one looked at. */
static int put_lines(struct buf *b, const struct rows *rows, const struct list_request *list,
                     int64_t *last_id, struct err *e)
{
    const struct log_page *page = &list->page;
    int64_t to = page->before_id > 0 ? page->before_id - 1 : LINE_ID_MAX;
    if (to - *last_id > page->limit)
        to = *last_id + page->limit;

    CLEANUP(log_lines_done) struct log_lines lines;
    struct log_line line;
    int r = 0;
    log_lines_init(&lines, rows, *last_id);
    while (*last_id < to && b->len < PAGE_BYTES && (r = log_lines_next(&lines, &line, e)) == 1) {
        *last_id = line.id;
        if (list->stream != 0 && line.record.stream != list->stream)
            continue;
        if (b->data[b->len - 1] != '[')
            buf_add_char(b, ',');
        log_entry_put(b, &line);
    }
    return r < 0 ? r : 0;
}

static void on_page(struct request *rq, const struct rows *rows)
{
    const struct list_request *list = rq->state;
    struct log_run run;
    if (!log_store_read_run(rows, &run)) {
        reply_no_run(rq);
        return;
    }

    CLEANUP(buf_done) struct buf b;
    struct err e;
    int64_t last_id = log_store_after_id(rows);
    buf_init(&b, PAGE_BYTES_MAX);
    buf_add_text(&b, "{\"logs\":[");
    if (put_lines(&b, rows, list, &last_id, &e) < 0) {
        reply_err(rq, &e);
        return;
    }
    bool complete = log_run_is_complete(&run) && last_id >= run.end;
    buf_printf(&b, "],\"meta\":{\"last_id\":%" PRId64 ",\"complete\":%s}}", last_id,
               complete ? "true" : "false");
    reply_json_text(rq, 200, &b);
}

void run_logs_list(struct request *rq)
{
    struct list_request *list = request_alloc(rq, sizeof(*list));
    if (!read_page_params(rq, &list->page) || !read_stream_param(rq, &list->stream))
        return;
    rq->state = list;

    struct params p;
    struct run_path path = path_of(rq);
    log_store_page_params(&p, rq->principal.project, path.runner, path.run, &list->page);
    request_query(rq, &log_store_page, &p, on_page);
}

/* A client that reconnects says what it saw last. False when answered. */
static bool read_last_event_id(struct request *rq, int64_t *after_id)
{
    const char *text = request_header(rq, "last-event-id");
    int64_t seen;
    if (text == NULL || text[0] == '\0')
        return true;
    if (strcmp(text, "end") == 0) {
        reply_empty(rq, 204);
        return false;
    }
    if (parse_i64(text, 0, LINE_ID_MAX, "Last-Event-ID", &seen, NULL) < 0) {
        reply_problem(rq, "Last-Event-ID", "must be the id of a line, or end");
        return false;
    }
    if (seen > *after_id)
        *after_id = seen;
    return true;
}

static void on_found(struct request *rq, const struct rows *rows)
{
    const struct stream_request *stream = rq->state;
    if (rows_count(rows) == 0)
        reply_no_run(rq);
    else
        log_topic_follow(rq->loop->logs, rq, &stream->position);
}

void run_logs_stream(struct request *rq)
{
    struct stream_request *stream = request_alloc(rq, sizeof(*stream));
    struct run_path path = path_of(rq);
    int64_t batch;
    stream->position.run = path.run;
    if (!request_query_int(rq, "after_id", 0, LINE_ID_MAX, 0, &stream->position.after_id) ||
        !request_query_int(rq, "batch", 0, 1, 0, &batch) ||
        !read_last_event_id(rq, &stream->position.after_id))
        return;
    stream->position.batch = batch == 1;
    rq->state = stream;

    struct params p;
    log_store_find_params(&p, rq->principal.project, path.runner, path.run);
    request_query(rq, &log_store_find, &p, on_found);
}
