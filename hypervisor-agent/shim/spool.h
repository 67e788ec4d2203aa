/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer of one attempt's log on disk (spool_segment.h has the format).
 *
 * Nothing is lost for lack of room: what cannot be written stays in memory, spool_held() says so,
 * and whoever feeds the spool must stop reading until a later spool_flush() has written it. Memory
 * is bounded by SPOOL_PENDING_MAX_BYTES plus what one turn of the feeder adds.
 *
 * Nothing is fsynced: what was written survives kill -9 of every process here, for the page cache
 * holds it, and a crash of the machine ends the container too. A line is lost only with the
 * machine.
 */
#ifndef ERRAND_SHIM_SPOOL_H
#define ERRAND_SHIM_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/log_record.h"

/* Segments at once, of which each is about limit / SPOOL_SEGMENTS. */
#define SPOOL_SEGMENTS 64
#define SPOOL_LIMIT_DEFAULT_BYTES ((uint64_t)512 << 20)

enum spool_hold {
    SPOOL_NOT_HELD,
    SPOOL_DISK_FULL, /* the file system takes no more */
    SPOOL_CEILING,   /* nobody removes the segments that are stored elsewhere */
};

struct spool {
    int fd;             /* of the last segment; -1: none yet */
    struct buf pending; /* records not yet written */
    uint64_t pending_records;
    uint64_t pending_payload;
    enum spool_hold held; /* by the last flush */

    uint64_t log_limit_bytes; /* of payload; 0 = none */
    uint64_t segment_limit_bytes;
    uint64_t segment_bytes;            /* header and whole records in the last segment */
    uint64_t segments[SPOOL_SEGMENTS]; /* ids of those that may still be there, oldest first */
    size_t segments_n;

    uint64_t records; /* written, in all segments */
    uint64_t payload_bytes;
    uint64_t written_bytes; /* ever; to see that something was */
    uint64_t dropped_lines; /* over log_limit_bytes, or given up */
    uint64_t dropped_bytes;
    bool is_full; /* log_limit_bytes was reached: everything from there on is dropped */
};

/* Begin in the working directory. `spool_limit_bytes` bounds what lies on disk; 0 =
 * SPOOL_LIMIT_DEFAULT_BYTES. */
int spool_create(struct spool *spool, uint64_t log_limit_bytes, uint64_t spool_limit_bytes,
                 struct err *e) MUST_USE;

/* Take one record in, or count it as dropped. */
void spool_add(struct spool *spool, const struct log_record *record);

/* Write what is pending, or hold it. */
void spool_flush(struct spool *spool);

/* There will be no room: drop what is pending, and count it. */
void spool_give_up(struct spool *spool);

/* Flush; append, when something was dropped, a last `system` record that says what; close. What
 * cannot be written now is dropped. */
void spool_close(struct spool *spool, int64_t now_us);

#endif
