/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client asks of a run's log: from where, how much, which lines, in which form.
 */
#ifndef ERRAND_API_LOG_QUERY_H
#define ERRAND_API_LOG_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/log_id.h"
#include "store/log_store.h"

#include "http/request.h"
#include "logs/log_reader.h"
#include "logs/log_words.h"

#define LOG_QUERY_PARAMS "after_id attempt before_id format ignore_case limit q stream tail"

enum log_format {
    LOG_FORMAT_JSON,   /* a page */
    LOG_FORMAT_TEXT,   /* a download: the lines as they were printed */
    LOG_FORMAT_NDJSON, /* a download: an entry a line */
};

struct log_query {
    struct id project;
    struct id runner; /* nil: any */
    struct id run;
    struct log_page page;
    enum log_format format;
    enum log_stream stream; /* 0: all */
    struct log_words words; /* only lines that contain them; in the request's memory */
    int64_t limit;          /* entries at most */
};

/* The run of a path /v1/runs/:id/... or /v1/runners/:id/runs/:id/... */
void log_query_read_path(const struct request *rq, struct log_query *query);

/* The whole. False when answered: a parameter makes no sense. */
bool log_query_read(struct request *rq, struct log_query *query);

/* Whether an item is among those asked for. Gaps are, always. */
bool log_query_wants(const struct log_query *query, const struct log_item *item);

/* Parameters of log_store_page for the lines after `last_id`, once `query->page` was asked. */
void log_query_go_on(struct log_query *query, int64_t last_id);
void log_query_params(const struct log_query *query, struct params *p);

/* The id of the last line that may be shown. */
int64_t log_query_last_id(const struct log_query *query);

/* Answer that there is no such run. */
void log_query_reply_no_run(struct request *rq);

#endif
