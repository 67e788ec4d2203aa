/* SPDX-License-Identifier: Apache-2.0
 *
 * A run's log: numbered lines, 1, 2, 3 ... without gaps, in the order the container wrote them.
 * Those of a run's second attempt begin after 2^40, and so on.
 */
#ifndef ERRAND_LOG_H
#define ERRAND_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <errand/client.h>

ERRAND_BEGIN_DECLS

typedef enum errand_stream {
    ERRAND_STREAM_STDOUT = 1,
    ERRAND_STREAM_STDERR = 2,
    ERRAND_STREAM_SYSTEM = 3 /* Errand speaking about the run, not the container */
} errand_stream;

/* One line, made by the library only: fields may be appended. The texts are borrowed. */
typedef struct errand_log_line {
    int64_t id;
    const char *time; /* RFC 3339 with milliseconds, UTC */
    errand_stream stream;
    int partial;       /* the line goes on in the next one: no newline follows */
    const char *bytes; /* as the container wrote them, any bytes, without the newline; a NUL
                          follows the last one */
    size_t n_bytes;
} errand_log_line;

typedef struct errand_log_page errand_log_page;

/* Which lines a page is of. Zero or NULL in a field: any. Fields are only ever appended. */
typedef struct errand_log_query {
    size_t struct_size; /* set by ERRAND_LOG_QUERY_INIT */
    int64_t after_id;   /* 0 = from the start */
    unsigned limit;     /* 1..1,000; default 200 */
    unsigned tail;      /* 1..1,000: the last so many lines there are; excludes after_id */
    errand_stream stream;
    const char *text; /* only lines that contain it; the search may pause: see has_more */
    unsigned attempt; /* 1..; default: the latest */
} errand_log_query;

#define ERRAND_LOG_QUERY_INIT                                                                      \
    {                                                                                              \
        sizeof(errand_log_query), 0, 0, 0, (errand_stream)0, NULL, 0                               \
    }

/* A page of what `query` asks for. Free with errand_log_page_free. */
ERRAND_API int errand_log_find(errand_client *client, const char *run_id,
                               const errand_log_query *query, errand_log_page **ret_page,
                               errand_error *error);

/* The lines after `after_id` (0 = from the start), at most `limit` (1..1,000; 0 = 200).
 * Free with errand_log_page_free. */
ERRAND_API int errand_log_list(errand_client *client, const char *run_id, int64_t after_id,
                               unsigned limit, errand_log_page **ret_page, errand_error *error);

ERRAND_API size_t errand_log_page_count(const errand_log_page *page);
/* Borrowed from the page; NULL when `i` is not below the count. */
ERRAND_API const errand_log_line *errand_log_page_at(const errand_log_page *page, size_t i);
/* The id to go on after. */
ERRAND_API int64_t errand_log_page_last_id(const errand_log_page *page);
/* Non-zero when there are more lines now, or more to search; a search may give an empty page and
 * yet have more. */
ERRAND_API int errand_log_page_has_more(const errand_log_page *page);
/* Non-zero when the run is final and this page reaches the end of its log. */
ERRAND_API int errand_log_page_is_complete(const errand_log_page *page);
ERRAND_API void errand_log_page_free(errand_log_page *page);

/* "stdout", "stderr", "system". Static storage. */
ERRAND_API const char *errand_stream_name(errand_stream stream);

ERRAND_END_DECLS

#endif
