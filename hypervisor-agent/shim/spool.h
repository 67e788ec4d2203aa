/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of one attempt on disk: SPOOL_HEADER_BYTES ("ERRSPOOL", u32 version, u32 zero,
 * little-endian), then log records. Only the shim writes it, only at its end; readers take whole
 * records and leave a torn tail for later.
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

#define SPOOL_FILE "spool"
#define SPOOL_HEADER_BYTES 16

struct spool {
    int fd;
    struct buf pending; /* records not yet written */
    uint64_t pending_records;
    uint64_t pending_payload;

    uint64_t limit_bytes; /* of payload; 0 = none */
    uint64_t file_bytes;  /* header and whole records in the file */
    uint64_t records;     /* in the file */
    uint64_t payload_bytes;
    uint64_t dropped_lines; /* over the limit, or refused by the disk */
    uint64_t dropped_bytes;
    bool full; /* the limit was reached: everything from there on is dropped */
};

/* Create SPOOL_FILE in the working directory. */
int spool_create(struct spool *spool, uint64_t limit_bytes, struct err *e) MUST_USE;

/* Take one record in, or count it as dropped. Written at the next flush at the latest. */
void spool_add(struct spool *spool, const struct log_record *record);

/* Write what is pending, in one write. What the disk refuses is dropped and counted, and the file
 * ends with a whole record. */
void spool_flush(struct spool *spool);

/* Flush, say in a last `system` record what was dropped, close. */
void spool_close(struct spool *spool, int64_t now_us);

/* What a dead shim left in SPOOL_FILE, cut behind its last whole record. No file counts as empty.
 */
int spool_recover(uint64_t *ret_records, uint64_t *ret_payload_bytes, struct err *e) MUST_USE;

/* Whether these SPOOL_HEADER_BYTES begin a spool this program can read. */
bool spool_header_is_valid(const char *header);

#endif
