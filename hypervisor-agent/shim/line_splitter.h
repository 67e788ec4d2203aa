/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of one stream to log records: a record a line, without its newline. Longer lines come as
 * pieces of at most LIMIT_LOG_LINE_BYTES, all but the last flagged LOG_RECORD_PARTIAL, cut between
 * code points where the line is UTF-8.
 */
#ifndef ERRAND_SHIM_LINE_SPLITTER_H
#define ERRAND_SHIM_LINE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/log_record.h"

struct line_splitter {
    enum log_stream stream;
    char *data;   /* owned */
    bool is_open; /* the last record was a piece */
    size_t n; /* bytes held: the start of a line whose end has not come, little more than a record
               * may have */
};

/* The record's payload lives until the next call on the splitter. */
typedef void line_splitter_emit(void *context, const struct log_record *record);

int line_splitter_init(struct line_splitter *splitter, enum log_stream stream,
                       struct err *e) MUST_USE;
void line_splitter_done(struct line_splitter *splitter);

/* Where to put the next bytes, and how many fit: at least LINE_SPLITTER_READ_BYTES. */
char *line_splitter_room(struct line_splitter *splitter, size_t *ret_n);

#define LINE_SPLITTER_READ_BYTES ((size_t)64 * 1024)

/* `n` bytes were put there: emit every line they complete. */
void line_splitter_take(struct line_splitter *splitter, size_t n, int64_t ts_us,
                        line_splitter_emit *emit, void *context);

/* A line has begun and not ended. */
bool line_splitter_is_holding(const struct line_splitter *splitter);

/* Nothing came for a while: emit what is held as a piece of a line that goes on. */
void line_splitter_flush(struct line_splitter *splitter, int64_t ts_us, line_splitter_emit *emit,
                         void *context);

/* The stream has ended: emit what is held, a line without newline; nothing, when that closes an
 * open one. */
void line_splitter_finish(struct line_splitter *splitter, int64_t ts_us, line_splitter_emit *emit,
                          void *context);

#endif
