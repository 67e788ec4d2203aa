/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader of a log gets, one item after another: the lines that are stored, and one item for
 * each range of lines that is not to be had. So nothing is missing without a word, in whatever form
 * the log is read.
 */
#ifndef ERRAND_API_LOG_READER_H
#define ERRAND_API_LOG_READER_H

#include <stdint.h>

#include "base/err.h"
#include "model/log_record.h"
#include "store/log_lines.h"
#include "store/log_store.h"

#include "logs/log_relay.h"

/* A line, or the gap first_id..id with a record of ours that says so. */
struct log_item {
    int64_t first_id; /* the same as `id` for a line */
    int64_t id;
    enum log_gap gap;         /* NONE: a line */
    struct log_record record; /* its payload lives until the next item */
};

/* Where the lines come from; all borrowed. */
struct log_source {
    const struct log_run *run;
    const struct rows *rows;       /* what a read of log_store.h answered */
    const struct log_relay *relay; /* or what has come by, of a log that is not stored */
};

struct log_reader {
    struct log_lines lines;
    struct log_source source;
    int64_t next_id;
    int64_t to_id;
    char words[128]; /* of the present gap */
};

/* The lines after `after_id`, none after `to_id`. */
void log_reader_init(struct log_reader *reader, const struct log_source *source, int64_t after_id,
                     int64_t to_id);
void log_reader_done(struct log_reader *reader);

/* 1 and an item, or 0 when there are no more in the source. ERR_INTERNAL as log_lines_next(). */
int log_reader_next(struct log_reader *reader, struct log_item *ret_item, struct err *e) MUST_USE;

/* The gap first_id..last_id as an item; its words are written to `words`. */
struct log_item log_reader_gap(int64_t first_id, int64_t last_id, enum log_gap gap, char *words,
                               size_t words_n);

#endif
