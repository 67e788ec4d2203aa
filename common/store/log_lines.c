/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_lines.h"

#include <inttypes.h>

/* the first columns of log_store.c's reads */
enum {
    COLUMN_FIRST_ID,
    COLUMN_DATA,
};

void log_lines_init(struct log_lines *lines, const struct rows *rows, int64_t after_id)
{
    *lines = (struct log_lines){.rows = rows, .row = -1, .next_id = after_id + 1};
}

/* The id of the first record of the next chunk; 0 when there is none. */
static int64_t open_chunk(struct log_lines *lines)
{
    int row = lines->row + 1;
    if (row >= rows_count(lines->rows) || row_is_null(lines->rows, row, COLUMN_FIRST_ID))
        return 0;
    lines->row = row;
    lines->bytes = row_bytes(lines->rows, row, COLUMN_DATA, &lines->n);
    return row_i64(lines->rows, row, COLUMN_FIRST_ID, 0);
}

static int take_record(struct log_lines *lines, struct log_record *ret_record, struct err *e)
{
    size_t size;
    if (log_record_next(lines->bytes, lines->n, ret_record, &size) != LOG_RECORD_WHOLE)
        return err_set(e, ERR_INTERNAL, "stored log is damaged near line %" PRId64, lines->next_id);
    lines->bytes += size;
    lines->n -= size;
    return 0;
}

/* Go to the record `next_id` of the chunk that was just opened. */
static int skip_to_next(struct log_lines *lines, int64_t first_id, struct err *e)
{
    if (first_id > lines->next_id)
        return err_set(e, ERR_INTERNAL, "stored log lacks line %" PRId64, lines->next_id);

    struct log_record record;
    int r = 0;
    for (int64_t id = first_id; r == 0 && id < lines->next_id && lines->n > 0; id++)
        r = take_record(lines, &record, e);
    return r;
}

int log_lines_next(struct log_lines *lines, struct log_line *ret_line, struct err *e)
{
    while (lines->n == 0) {
        int64_t first_id = open_chunk(lines);
        if (first_id == 0)
            return 0;
        int r = skip_to_next(lines, first_id, e);
        if (r < 0)
            return r;
    }

    int r = take_record(lines, &ret_line->record, e);
    if (r < 0)
        return r;
    ret_line->id = lines->next_id++;
    return 1;
}
