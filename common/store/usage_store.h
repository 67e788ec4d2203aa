/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs have used, by project, runner and day. Closed days are rows of their own, so that
 * asking costs the same however many runs there were.
 */
#ifndef ERRAND_STORE_USAGE_STORE_H
#define ERRAND_STORE_USAGE_STORE_H

#include "base/id.h"
#include "store/db.h"
#include "store/page_rows.h"

struct usage {
    struct id runner;
    const char *runner_name; /* borrowed from the rows; NULL when the runner is gone */
    const char *day;         /* "2026-01-31", UTC */
    int64_t runs;
    int64_t seconds; /* billed: every second that was begun */
    int64_t cpu_ms;
    int64_t log_bytes;
    int64_t cost_nano;
};

/* Which days; 0 does not matter. */
struct usage_filter {
    struct id project;
    struct id runner; /* nil: any */
    int64_t since_us;
    int64_t until_us; /* days before */
    struct page_window window;
};

/* A page (page_rows.h), newest day first. */
extern const struct statement usage_store_list;
void usage_store_list_params(struct params *p, const struct usage_filter *filter);
void usage_store_read(const struct rows *rows, int row, struct usage *ret_usage);

/* Close the days that are over. Any program may, at any time. */
extern const struct statement usage_store_close;

#endif
