/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_query.h"

#include <string.h>

#include "model/limits.h"

#include "http/reply.h"

#define READ_BYTES (128 << 10)      /* lines that are all wanted */
#define READ_BYTES_SIFTED (1 << 20) /* lines of which few may be */

static const char *const formats[] = {"json", "text", "ndjson"};

void log_query_reply_no_run(struct request *rq)
{
    reply_error(rq, ERR_NOT_FOUND, "There is no such run");
}

void log_query_read_path(const struct request *rq, struct log_query *query)
{
    bool has_runner = !id_is_nil(rq->path_ids[1]);
    query->project = rq->principal.project;
    query->runner = has_runner ? rq->path_ids[0] : (struct id){0};
    query->run = rq->path_ids[has_runner ? 1 : 0];
}

static bool read_stream(struct request *rq, enum log_stream *ret_stream)
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

static bool read_format(struct request *rq, enum log_format *ret_format)
{
    const char *name = request_query_param(rq, "format");
    *ret_format = LOG_FORMAT_JSON;
    if (name == NULL)
        return true;
    for (enum log_format format = LOG_FORMAT_JSON; format <= LOG_FORMAT_NDJSON; format++) {
        if (strcmp(name, formats[format]) == 0) {
            *ret_format = format;
            return true;
        }
    }
    reply_problem(rq, "format", "must be json, text or ndjson");
    return false;
}

static bool read_words(struct request *rq, struct log_words *ret_words)
{
    const char *text = request_query_param(rq, "q");
    int64_t ignores_case;
    if (!request_query_int(rq, "ignore_case", 0, 1, 0, &ignores_case))
        return false;
    *ret_words = (struct log_words){.text = text, .ignores_case = ignores_case == 1};
    size_t n = text != NULL ? strlen(text) : 1;
    if (n >= 1 && n <= LIMIT_LOG_QUERY_BYTES)
        return true;
    reply_problem(rq, "q", "must be between 1 and 1000 bytes");
    return false;
}

static bool read_page(struct request *rq, struct log_query *query)
{
    struct log_page *page = &query->page;
    if (!request_query_int(rq, "after_id", 0, LOG_ID_MAX, 0, &page->after_id) ||
        !request_query_int(rq, "before_id", 1, LOG_ID_MAX, 0, &page->before_id) ||
        !request_query_int(rq, "attempt", 1, INT32_MAX, 0, &page->attempt) ||
        !request_query_int(rq, "tail", 1, LIMIT_LOG_PAGE_MAX, 0, &page->tail))
        return false;
    int64_t fallback = page->tail > 0 ? page->tail : LIMIT_LOG_PAGE_DEFAULT;
    if (query->format != LOG_FORMAT_JSON)
        fallback = LOG_ID_MAX;
    return request_query_int(rq, "limit", 1, LIMIT_LOG_PAGE_MAX, fallback, &query->limit);
}

bool log_query_read(struct request *rq, struct log_query *query)
{
    log_query_read_path(rq, query);
    if (!read_format(rq, &query->format) || !read_page(rq, query) ||
        !read_stream(rq, &query->stream) || !read_words(rq, &query->words))
        return false;
    bool is_sifted = query->words.text != NULL || query->stream != 0;
    query->page.max_bytes = is_sifted ? READ_BYTES_SIFTED : READ_BYTES;
    query->page.wait_s = rq->loop->config->log_wait_seconds;
    /* what is searched for may be anywhere before `before_id`, not among the last lines only */
    query->page.limit = query->words.text != NULL ? LOG_ID_MAX : query->limit;
    return true;
}

bool log_query_wants(const struct log_query *query, const struct log_item *item)
{
    const struct log_record *record = &item->record;
    if (item->gap != LOG_GAP_NONE)
        return true;
    if (query->stream != 0 && record->stream != query->stream)
        return false;
    return log_words_are_in(&query->words, record->payload, record->n);
}

void log_query_go_on(struct log_query *query, int64_t last_id)
{
    query->page.after_id = last_id;
    query->page.tail = 0;
    query->page.limit = LOG_ID_MAX;
}

void log_query_params(const struct log_query *query, struct params *p)
{
    log_store_page_params(p, query->project, query->runner, query->run, &query->page);
}

int64_t log_query_last_id(const struct log_query *query)
{
    return query->page.before_id > 0 ? query->page.before_id - 1 : LOG_ID_MAX;
}
