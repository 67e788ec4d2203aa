/* SPDX-License-Identifier: Apache-2.0
 *
 * How far one attempt's spool (shim/spool_segment.h) has been read and acknowledged. No I/O but on
 * the spool. Segments that are acknowledged whole are removed.
 *
 * Lines that are gone, for a segment is damaged or was removed, are sent as a gap that says so: the
 * log goes on after it, and ends.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_LOG_SOURCE_H
#define ERRAND_HYPERVISOR_AGENT_LOG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "logs/log_chunk.h"

/* A place between two records. */
struct log_position {
    uint64_t last_id; /* of the record before it; 0 at the start */
    uint64_t segment; /* id of its first record; greater than last_id + 1 behind a gap */
    off_t offset;
};

struct log_source {
    struct id run_id;
    uint32_t attempt;
    const char *run_dir; /* borrowed */
    int fd;              /* -1: none open */
    uint64_t fd_segment;
    struct log_position acked;  /* segment 0: the spool has not been seen yet */
    struct log_position flying; /* end of what is on its way; at or behind `acked` */
    struct log_position sent;   /* end of what was read; at or behind `flying` */
    uint64_t end_id;            /* of the log's last line; 0 = not known yet */
    bool is_pending;            /* there may be something after `sent` */
    bool is_broken;             /* what follows `sent` is no record, up to `end_id` */
    struct log_source *next;    /* of the shipper */
};

/* Memory for reading, for all sources of a shipper. */
struct log_reading {
    struct log_chunk_writer writer;
    struct buf records;
};

int log_reading_init(struct log_reading *reading, struct err *e) MUST_USE;
void log_reading_done(struct log_reading *reading);

void log_source_init(struct log_source *source, struct id run_id, uint32_t attempt,
                     const char *run_dir);
void log_source_done(struct log_source *source);

/* The log ends with this line. */
void log_source_set_end(struct log_source *source, uint64_t end_id);

/* Append the next whole records after `sent`, as many as a chunk takes, or the gap that is there,
 * as one frame, and move `sent`. Appends nothing, and clears is_pending, when there is none.
 * ERR_INVALID: is_broken has been set. */
int log_source_read(struct log_source *source, struct log_reading *reading, struct buf *frames,
                    struct err *e) MUST_USE;

/* What was read is on its way now. */
void log_source_launch(struct log_source *source);

/* The API has stored up to `last_id`: all that was on its way. False: that is not its end, and
 * log_source_seek() has to find it. */
bool log_source_land(struct log_source *source, uint64_t last_id);

/* What is stored ends with `last_id`: read on after it, be it behind or ahead of what was read.
 * ERR_INVALID when the spool does not have that many records. */
int log_source_seek(struct log_source *source, uint64_t last_id, struct err *e) MUST_USE;

/* What was read and is not on its way is not needed: read it again. */
void log_source_unread(struct log_source *source);

/* What was read and sent got lost: read on after `acked`. */
void log_source_rewind(struct log_source *source);

#endif
