/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_lines.h"

#include <inttypes.h>

#include "model/log_id.h"

/* the first columns of log_store.c's reads */
enum {
    COLUMN_FIRST_ID,
    COLUMN_DATA,
    COLUMN_ATTEMPT = 3,
};

void log_lines_init(struct log_lines *lines, const struct rows *rows, int64_t after_id)
{
    int64_t base = 0;
    if (rows != NULL && rows_count(rows) > 0)
        base = log_id_base((uint32_t)row_i64(rows, 0, COLUMN_ATTEMPT, 0));
    *lines =
        (struct log_lines){.rows = rows, .row = -1, .base = base, .next_line = after_id - base + 1};
    log_chunk_reader_init(&lines->chunk);
}

void log_lines_done(struct log_lines *lines)
{
    log_chunk_reader_done(&lines->chunk);
}

static int damaged(const struct log_lines *lines, const struct err *why, struct err *e)
{
    return err_set(e, ERR_INTERNAL, "stored log near line %" PRId64 ": %.160s", lines->next_line,
                   why->msg);
}

/* 1, or 0 when there is no chunk after this one. */
static int open_next(struct log_lines *lines, struct err *e)
{
    int row = lines->row + 1;
    if (row >= rows_count(lines->rows) || row_is_null(lines->rows, row, COLUMN_FIRST_ID))
        return 0;
    size_t n;
    struct err why;
    const void *bytes = row_bytes(lines->rows, row, COLUMN_DATA, &n);
    int r = log_chunk_open(&lines->chunk, bytes, n, &why);
    if (r < 0)
        return damaged(lines, &why, e);
    if ((int64_t)lines->chunk.next_id > lines->next_line)
        return err_set(e, ERR_INTERNAL, "stored log lacks line %" PRId64, lines->next_line);
    lines->row = row;
    return 1;
}

/* 1 and the line `next_id` or, when it is in a gap, the one that tells of the gap. */
static int take(struct log_lines *lines, struct log_line *ret_line, struct err *e)
{
    struct err why;
    int r;
    do {
        r = log_chunk_next(&lines->chunk, &ret_line->record, &why);
    } while (r == 1 && (int64_t)lines->chunk.next_id <= lines->next_line);
    if (r < 0)
        return damaged(lines, &why, e);
    if (r == 1) {
        ret_line->id = lines->base + (int64_t)lines->chunk.next_id - 1;
        lines->next_line = (int64_t)lines->chunk.next_id;
    }
    return r;
}

int log_lines_next(struct log_lines *lines, struct log_line *ret_line, struct err *e)
{
    int r;
    while ((r = take(lines, ret_line, e)) == 0) {
        r = open_next(lines, e);
        if (r <= 0)
            return r;
    }
    return r;
}
