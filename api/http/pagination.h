/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of lists: which one is asked for, and what the answer says about it.
 */
#ifndef ERRAND_API_PAGINATION_H
#define ERRAND_API_PAGINATION_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "model/limits.h"
#include "store/page_rows.h"

#include "http/fields.h"

struct pagination {
    int64_t page; /* from 1 */
    int64_t per_page;
    const char *path;   /* of the list, for links */
    const char *filter; /* the rest of its query, "status=failed", or "" */
};

#define PAGINATION_DEFAULTS                                                                        \
    {                                                                                              \
        .page = 1, .per_page = LIMIT_PER_PAGE_DEFAULT, .path = "", .filter = ""                    \
    }

/* The rows of a query table (query.h) whose target has a `struct pagination` at `at`. */
#define PAGINATION_FIELDS(at)                                                                      \
    {"page", FIELD_INT, .offset = (at) + offsetof(struct pagination, page), .min = 1,              \
     .max = LIMIT_PAGE_MAX},                                                                       \
    {                                                                                              \
        "per_page", FIELD_INT, .offset = (at) + offsetof(struct pagination, per_page),             \
                               .min = LIMIT_PER_PAGE_MIN, .max = LIMIT_PER_PAGE_MAX                \
    }

struct page_window pagination_window(const struct pagination *pages);

/* Append what of a query string is not page or per_page; bytes that may not stand in a link are
 * percent-encoded. */
void pagination_filter(const char *query, size_t n, struct buf *ret_filter);

/* {"pagination": {...}} for a list of `total` objects. */
json_t *pagination_meta(const struct pagination *pages, int64_t total);

#endif
