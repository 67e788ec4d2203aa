/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists answer one page of objects, and in column 0 of every row how many there are in all. When
 * the page is empty, one row remains whose object is NULL, so that the total is known.
 */
#ifndef ERRAND_STORE_PAGE_ROWS_H
#define ERRAND_STORE_PAGE_ROWS_H

#include <stdint.h>

#include "store/params.h"
#include "store/rows.h"

/* Which part of a list: `offset` objects are skipped. */
struct page_window {
    int64_t limit;
    int64_t offset;
};

void page_window_params(struct params *p, struct page_window window);

/* How many objects there are in all; rows_count() must not be 0. */
int64_t page_rows_total(const struct rows *rows);

/* How many are on this page: rows 0..n-1. Column 1 is the object's id. */
int page_rows_count(const struct rows *rows);

#endif
