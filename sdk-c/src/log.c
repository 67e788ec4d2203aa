/* SPDX-License-Identifier: Apache-2.0
 *
 * A page of a run's log: the answer's bytes, and where the lines are in them.
 */
#include <errand/log.h>

#include "client.h"
#include "failure.h"
#include "fields.h"
#include "log_line.h"
#include "memory.h"
#include "request.h"
#include "url.h"

#include <string.h>

#define FIRST_LINES 64

struct errand_log_page {
    struct errand_buffer answer; /* the lines borrow from it */
    errand_allocator allocator;
    int64_t last_id;
    int is_complete;
    int has_more;
    errand_log_line *lines; /* owned */
    size_t count;
    size_t capacity;
};

static int page_add(const struct errand_log_entry *entry, void *user)
{
    errand_log_page *page = user;

    if (page->count == page->capacity) {
        size_t capacity = page->capacity == 0 ? FIRST_LINES : page->capacity * 2;
        errand_log_line *lines =
            errand_memory_resize(&page->allocator, page->lines, capacity * sizeof(page->lines[0]));

        if (lines == NULL)
            return ERRAND_E_INTERNAL;
        page->lines = lines;
        page->capacity = capacity;
    }
    page->lines[page->count++] = entry->line;
    page->last_id = entry->line.id;
    return 0;
}

static int page_decode(errand_log_page *page, errand_error *error)
{
    struct errand_json json = {page->answer.bytes, page->answer.bytes + page->answer.n};
    struct errand_json rest = {NULL, NULL};
    json_t *meta;
    int r;

    (void)errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    r = errand_log_entries_read(&json, page_add, page, &rest, error);
    if (r < 0)
        return r;
    meta = rest.at == NULL ? NULL : json_loadb(rest.at, (size_t)(rest.end - rest.at), 0, NULL);
    page->last_id = errand_field_integer(meta, "last_id", page->last_id);
    page->is_complete = json_is_true(json_object_get(meta, "complete"));
    page->has_more = json_is_true(json_object_get(meta, "more"));
    json_decref(meta);
    return 0;
}

/* Takes `answer` over, also on failure. */
static int page_new(const errand_client *client, struct errand_buffer *answer, int64_t after_id,
                    errand_log_page **ret_page, errand_error *error)
{
    errand_log_page *page = errand_memory_get(&client->allocator, sizeof(*page));
    int r;

    if (page == NULL) {
        errand_buffer_done(answer);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    page->allocator = client->allocator;
    page->answer = *answer;
    page->answer.allocator = &page->allocator; /* the client may be gone before the page */
    page->last_id = after_id;
    r = page->answer.n == 0 ? errand_fail(error, ERRAND_E_INTERNAL, "the answer is empty")
                            : page_decode(page, error);
    if (r < 0)
        errand_log_page_free(page);
    else
        *ret_page = page;
    return r;
}

static int find_path(struct errand_buffer *path, const char *run_id, const errand_log_query *query,
                     errand_error *error)
{
    int r = errand_path_add(path, error, "/v1/runs/{}/logs", run_id);

    if (r < 0)
        return r;
    if (query->after_id > 0)
        errand_path_add_query(path, "after_id", query->after_id);
    if (query->limit > 0)
        errand_path_add_query(path, "limit", query->limit);
    if (query->tail > 0)
        errand_path_add_query(path, "tail", query->tail);
    if (query->stream != (errand_stream)0)
        errand_path_add_query_text(path, "stream", errand_stream_name(query->stream));
    if (query->attempt > 0)
        errand_path_add_query(path, "attempt", query->attempt);
    errand_path_add_query_text(path, "q", query->text);
    return path->failed ? errand_fail(error, ERRAND_E_INVALID, "the text is too long") : 0;
}

int errand_log_find(errand_client *client, const char *run_id, const errand_log_query *query,
                    errand_log_page **ret_page, errand_error *error)
{
    errand_log_query known = ERRAND_LOG_QUERY_INIT;
    struct errand_buffer answer;
    struct errand_buffer path;
    int r = query == NULL ? 0 : errand_options_copy(&known, sizeof(known), query, error);

    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &client->allocator);
    if (r == 0)
        r = find_path(&path, run_id, &known, error);
    if (r == 0)
        r = errand_request_text(client, "GET", path.bytes, NULL, NULL, &answer, error);
    errand_buffer_done(&path);
    return r < 0 ? r : page_new(client, &answer, known.after_id, ret_page, error);
}

int errand_log_list(errand_client *client, const char *run_id, int64_t after_id, unsigned limit,
                    errand_log_page **ret_page, errand_error *error)
{
    errand_log_query query = ERRAND_LOG_QUERY_INIT;

    query.after_id = after_id;
    query.limit = limit;
    return errand_log_find(client, run_id, &query, ret_page, error);
}

size_t errand_log_page_count(const errand_log_page *page)
{
    return page->count;
}

const errand_log_line *errand_log_page_at(const errand_log_page *page, size_t i)
{
    return i < page->count ? &page->lines[i] : NULL;
}

int64_t errand_log_page_last_id(const errand_log_page *page)
{
    return page->last_id;
}

int errand_log_page_has_more(const errand_log_page *page)
{
    return page->has_more;
}

int errand_log_page_is_complete(const errand_log_page *page)
{
    return page->is_complete;
}

void errand_log_page_free(errand_log_page *page)
{
    errand_allocator allocator;

    if (page == NULL)
        return;
    allocator = page->allocator;
    errand_buffer_done(&page->answer);
    errand_memory_release(&allocator, page->lines);
    errand_memory_release(&allocator, page);
}
