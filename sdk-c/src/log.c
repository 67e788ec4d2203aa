/* SPDX-License-Identifier: Apache-2.0
 *
 * A page of a run's log.
 */
#include <errand/log.h>

#include "failure.h"
#include "fields.h"
#include "log_line.h"
#include "request.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

struct stored_line {
    errand_log_line line;
    struct errand_buffer decoded; /* owned; the bytes when they came as base64 */
};

struct errand_log_page {
    json_t *answer; /* owned; the lines borrow from it */
    int64_t last_id;
    int is_complete;
    size_t count;
    struct stored_line lines[];
};

static int page_decode(errand_log_page *page, const json_t *logs, errand_error *error)
{
    const json_t *meta = json_object_get(page->answer, "meta");
    size_t i;

    for (i = 0; i < json_array_size(logs); i++) {
        struct stored_line *stored = &page->lines[i];
        int r;

        errand_buffer_init(&stored->decoded, (size_t)-1 / 2);
        page->count = i + 1;
        r = errand_log_line_decode(json_array_get(logs, i), &stored->decoded, &stored->line, error);
        if (r < 0)
            return r;
        page->last_id = stored->line.id;
    }
    page->last_id = errand_field_integer(meta, "last_id", page->last_id);
    page->is_complete = json_is_true(json_object_get(meta, "complete"));
    return 0;
}

/* Takes `answer` over, also on failure. */
static int page_new(json_t *answer, int64_t after_id, errand_log_page **ret_page,
                    errand_error *error)
{
    const json_t *logs = json_object_get(answer, "logs");
    errand_log_page *page =
        calloc(1, sizeof(*page) + json_array_size(logs) * sizeof(page->lines[0]));
    int r;

    if (page == NULL) {
        json_decref(answer);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    page->answer = answer;
    page->last_id = after_id;
    r = json_is_array(logs) ? page_decode(page, logs, error)
                            : errand_fail(error, ERRAND_E_INTERNAL, "the answer has no 'logs'");
    if (r < 0)
        errand_log_page_free(page);
    else
        *ret_page = page;
    return r;
}

int errand_log_list(errand_client *client, const char *run_id, int64_t after_id, unsigned limit,
                    errand_log_page **ret_page, errand_error *error)
{
    struct errand_buffer path;
    json_t *answer = NULL;
    int r;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, "/v1/runs/{}/logs", run_id);
    if (r == 0 && after_id > 0)
        errand_path_add_query(&path, "after_id", after_id);
    if (r == 0 && limit > 0)
        errand_path_add_query(&path, "limit", limit);
    if (r == 0)
        r = errand_request(client, "GET", path.bytes, NULL, NULL, &answer, error);
    errand_buffer_done(&path);
    return r < 0 ? r : page_new(answer, after_id, ret_page, error);
}

size_t errand_log_page_count(const errand_log_page *page)
{
    return page->count;
}

const errand_log_line *errand_log_page_at(const errand_log_page *page, size_t i)
{
    return i < page->count ? &page->lines[i].line : NULL;
}

int64_t errand_log_page_last_id(const errand_log_page *page)
{
    return page->last_id;
}

int errand_log_page_is_complete(const errand_log_page *page)
{
    return page->is_complete;
}

void errand_log_page_free(errand_log_page *page)
{
    size_t i;

    if (page == NULL)
        return;
    for (i = 0; i < page->count; i++)
        errand_buffer_done(&page->lines[i].decoded);
    json_decref(page->answer);
    free(page);
}
