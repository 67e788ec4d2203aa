/* SPDX-License-Identifier: Apache-2.0
 *
 * What the log stream of a run says, as bytes: lines, changes of state, the end.
 */
#ifndef ERRAND_API_LOG_EVENT_H
#define ERRAND_API_LOG_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "store/log_store.h"

#include "logs/log_reader.h"

#define LOG_EVENT_BATCH_LINES 500

/* How much of its image a run that waits has; `total_bytes` is 0 while unknown. */
struct pull_progress {
    uint32_t attempt;
    int64_t done_bytes;
    int64_t total_bytes;
};

/* One chunk of lines (logs/log_chunk.h) that is passed on instead of stored; borrowed. */
struct log_passing {
    uint32_t attempt;
    int64_t first_id;
    int64_t last_id;
    const void *bytes;
    size_t n;
};

/* {"id":1,"ts":"...","stream":"stdout","msg":"..."}; bytes that are not UTF-8 as "msg_base64",
 * "partial":true when the line goes on in the next one, and "gap":{"first_id":1,"reason":"lost"}
 * when it stands for lines that are missing. */
void log_entry_put(struct buf *b, const struct log_item *item);

/* One line: event `log`. */
void log_event_put_line(struct buf *b, const struct log_item *item);

/* Many lines: event `logs`, {"logs":[...]}, its id the last line's. Open before the first line,
 * close after the last, at most LOG_EVENT_BATCH_LINES between. */
void log_event_open_batch(struct buf *b);
void log_event_put_batched(struct buf *b, const struct log_item *item);
void log_event_close_batch(struct buf *b, int64_t last_id);

/* A run that is not final: event `status`. `pull` may be NULL. */
void log_event_put_status(struct buf *b, const struct log_run *run,
                          const struct pull_progress *pull);

/* The end: event `state` with the id "end". */
void log_event_put_state(struct buf *b, const struct log_run *run);

#endif
