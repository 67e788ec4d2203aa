/* SPDX-License-Identifier: Apache-2.0 */
#include "store/page_rows.h"

void page_window_params(struct params *p, struct page_window window)
{
    params_add_i64(p, window.limit);
    params_add_i64(p, window.offset);
}

int64_t page_rows_total(const struct rows *rows)
{
    return row_i64(rows, 0, 0, 0);
}

int page_rows_count(const struct rows *rows)
{
    int n = rows_count(rows);
    return n == 1 && row_is_null(rows, 0, 1) ? 0 : n;
}
