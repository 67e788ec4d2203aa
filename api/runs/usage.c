/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/usage.h"

#include "base/clock.h"
#include "store/usage_store.h"

#include "http/list.h"
#include "http/members.h"

#define DAYS_DEFAULT 31

struct usage_query {
    struct pagination pages;
    struct usage_filter filter;
};

#define QUERY(member) .offset = offsetof(struct usage_query, member)

static const struct field table[] = {
    PAGINATION_FIELDS(offsetof(struct usage_query, pages)),
    {"runner_id", FIELD_ID, QUERY(filter.runner)},
    {"since", FIELD_TIME, QUERY(filter.since_us)},
    {"until", FIELD_TIME, QUERY(filter.until_us)},
};

static json_t *usage_json(const struct usage *usage)
{
    json_t *object = json_object();
    member_text(object, "day", usage->day);
    member_id(object, "runner_id", usage->runner);
    member_text(object, "runner_name", usage->runner_name);
    member_int(object, "runs", usage->runs);
    member_int(object, "seconds", usage->seconds);
    member_int(object, "cpu_ms", usage->cpu_ms);
    member_int(object, "log_bytes", usage->log_bytes);
    member_nano(object, "cost", usage->cost_nano);
    member_int(object, "cost_nano", usage->cost_nano);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    json_t *list = json_array();
    for (int i = 0; i < page_rows_count(rows); i++) {
        struct usage usage;
        usage_store_read(rows, i, &usage);
        (void)json_array_append_new(list, usage_json(&usage));
    }
    list_reply(rq, "usage", list, page_rows_total(rows));
}

void usage_list(struct request *rq)
{
    CLEANUP(fields_done) struct fields f;
    fields_init(&f);
    struct usage_query query = {.pages = PAGINATION_DEFAULTS};
    query.filter.project = rq->principal.project;
    query.filter.since_us = clock_now_us() - DAYS_DEFAULT * 86400 * CLOCK_US_PER_S;
    if (!list_read(rq, &f, table, ARRAY_LEN(table), &query, &query.pages))
        return;
    query.filter.window = pagination_window(&query.pages);
    struct params p;
    usage_store_list_params(&p, &query.filter);
    request_query(rq, &usage_store_list, &p, on_list);
}
