/* SPDX-License-Identifier: Apache-2.0
 *
 * A page reads on until it has as many entries as were asked for: a search through a long log gives
 * the loop back between two reads, and after SEARCH_US it answers with what it has and how far it
 * looked, from where the client goes on.
 */
#include "logs/run_logs.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "model/limits.h"
#include "store/log_store.h"

#include "bus.h"
#include "http/reply.h"
#include "logs/log_download.h"
#include "logs/log_event.h"
#include "logs/log_query.h"
#include "logs/log_reader.h"
#include "logs/log_topic.h"

#define PAGE_BYTES (4 << 20) /* a page ends early once it has so much */
#define PAGE_BYTES_MAX (PAGE_BYTES + 8 * LIMIT_LOG_LINE_BYTES)
#define SEARCH_US CLOCK_US_PER_S

struct list_request {
    struct log_query query;
    struct buf b;
    int64_t found;
    int64_t last_id; /* looked at up to here; -1 before the first read */
    int64_t until_us;
    bool is_asking;
};

struct stream_request {
    struct log_position position;
};

static int take_items(struct list_request *list, const struct rows *rows, const struct log_run *run,
                      struct err *e)
{
    CLEANUP(log_reader_done) struct log_reader reader;
    struct log_item item;
    struct buf *b = &list->b;
    int r = 0;
    const struct log_source source = {.run = run, .rows = rows};
    log_reader_init(&reader, &source, list->last_id, log_query_last_id(&list->query));
    while (list->found < list->query.limit && b->len < PAGE_BYTES &&
           (r = log_reader_next(&reader, &item, e)) == 1) {
        list->last_id = item.id;
        if (!log_query_wants(&list->query, &item))
            continue;
        if (list->found++ > 0)
            buf_add_char(b, ',');
        log_entry_put(b, &item);
    }
    return r < 0 ? r : 0;
}

static bool has_more(const struct list_request *list, const struct log_run *run)
{
    return list->last_id < run->stored && list->last_id < log_query_last_id(&list->query);
}

static void reply_page(struct request *rq, struct list_request *list, const struct log_run *run)
{
    bool complete = log_run_is_complete(run) && list->last_id >= run->end;
    buf_printf(&list->b, "],\"meta\":{\"last_id\":%" PRId64 ",\"complete\":%s,\"more\":%s}}",
               list->last_id, complete ? "true" : "false", has_more(list, run) ? "true" : "false");
    reply_json_text(rq, 200, &list->b);
}

static void ask(struct request *rq);

static void take_page(struct request *rq, const struct rows *rows)
{
    struct list_request *list = rq->state;
    struct log_run run;
    struct err e;
    if (!log_store_read_run(rows, &run)) {
        log_query_reply_no_run(rq);
        return;
    }
    bool is_first = list->last_id < 0;
    if (is_first && list->query.format != LOG_FORMAT_JSON) {
        log_download_start(rq, &list->query, &run, rows);
        return;
    }
    if (is_first)
        list->last_id = log_store_after_id(rows);
    int64_t before = list->last_id;
    if (take_items(list, rows, &run, &e) < 0) {
        reply_err(rq, &e);
        return;
    }
    bool goes_on = list->found < list->query.limit && list->b.len < PAGE_BYTES &&
                   list->last_id > before && has_more(list, &run) &&
                   clock_mono_us() < list->until_us;
    if (goes_on && rq->req != NULL) {
        log_query_go_on(&list->query, list->last_id);
        ask(rq);
    } else {
        reply_page(rq, list, &run);
    }
}

static void on_page(struct request *rq, const struct rows *rows, const struct err *err)
{
    struct list_request *list = rq->state;
    list->is_asking = false;
    if (err != NULL)
        reply_err(rq, err);
    else
        take_page(rq, rows);
    if (!list->is_asking)
        buf_done(&list->b);
}

static void ask(struct request *rq)
{
    struct list_request *list = rq->state;
    struct params p;
    list->is_asking = true;
    log_query_params(&list->query, &p);
    request_query_result(rq, &log_store_page, &p, on_page);
}

void run_logs_list(struct request *rq)
{
    struct list_request *list = request_alloc(rq, sizeof(*list));
    if (!log_query_read(rq, &list->query))
        return;
    rq->state = list;
    list->last_id = -1;
    list->until_us = clock_mono_us() + SEARCH_US;
    buf_init(&list->b, PAGE_BYTES_MAX);
    buf_add_text(&list->b, "{\"logs\":[");
    ask(rq);
}

static void on_erased(struct request *rq, const struct rows *rows)
{
    (void)rows;
    bus_publish(rq->loop, BUS_LOG, rq->path_ids[id_is_nil(rq->path_ids[1]) ? 0 : 1]);
    reply_json(rq, 200, json_pack("{s:b}", "deleted", 1));
}

static void on_forgotten(struct request *rq, const struct rows *rows)
{
    const struct log_query *query = rq->state;
    struct params p;
    if (rows_count(rows) == 0) {
        log_query_reply_no_run(rq);
        return;
    }
    if (!row_bool(rows, 0, 0)) {
        reply_error(rq, ERR_CONFLICT, "The run has not ended: stop it first");
        return;
    }
    log_store_erase_params(&p, query->run);
    request_query(rq, &log_store_erase, &p, on_erased);
}

void run_logs_delete(struct request *rq)
{
    struct log_query *query = request_alloc(rq, sizeof(*query));
    struct params p;
    log_query_read_path(rq, query);
    rq->state = query;
    log_store_forget_params(&p, query->project, query->runner, query->run);
    request_query(rq, &log_store_forget, &p, on_forgotten);
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
    if (parse_i64(text, 0, LOG_ID_MAX, "Last-Event-ID", &seen, NULL) < 0) {
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
        log_query_reply_no_run(rq);
    else
        log_topic_follow(rq->loop->logs, rq, &stream->position);
}

void run_logs_stream(struct request *rq)
{
    struct stream_request *stream = request_alloc(rq, sizeof(*stream));
    struct log_query path;
    int64_t batch;
    log_query_read_path(rq, &path);
    stream->position.run = path.run;
    if (!request_query_int(rq, "after_id", 0, LOG_ID_MAX, 0, &stream->position.after_id) ||
        !request_query_int(rq, "batch", 0, 1, 0, &batch) ||
        !read_last_event_id(rq, &stream->position.after_id))
        return;
    stream->position.batch = batch == 1;
    rq->state = stream;

    struct params p;
    log_store_find_params(&p, path.project, path.runner, path.run);
    request_query(rq, &log_store_find, &p, on_found);
}
