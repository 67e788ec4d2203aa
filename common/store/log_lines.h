/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of the chunks a read of log_store.h answered, one after another.
 */
#ifndef ERRAND_STORE_LOG_LINES_H
#define ERRAND_STORE_LOG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "logs/log_chunk.h"
#include "store/rows.h"

struct log_lines {
    const struct rows *rows;
    int row; /* the chunk being read */
    struct log_chunk_reader chunk;
    int64_t base;      /* ids are so much more than the numbers in chunks (model/log_id.h) */
    int64_t next_line; /* number of the one that comes next */
};

struct log_line {
    int64_t id;
    struct log_record record; /* its payload lives until the next call */
};

/* Begin with the line after `after_id`; what the chunks hold before it is skipped. */
void log_lines_init(struct log_lines *lines, const struct rows *rows, int64_t after_id);
void log_lines_done(struct log_lines *lines);

/* 1 and a line, or 0 when there are no more. ERR_INTERNAL: the chunks do not begin with that line,
 * have a gap, or are damaged. */
int log_lines_next(struct log_lines *lines, struct log_line *ret_line, struct err *e) MUST_USE;

#endif
