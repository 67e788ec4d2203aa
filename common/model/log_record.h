/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of a run's log as bytes: the same in the shim's spool, on the wire and in the database.
 *
 *    0        4        8                 16       17       18
 *   +--------+--------+-----------------+--------+--------+- - - - - - - - -+
 *   | crc32c | length | ts_us           | stream | flags  | payload         |
 *   +--------+--------+-----------------+--------+--------+- - - - - - - - -+
 *
 * Little-endian; crc32c covers everything after itself. The payload is bytes, not text: the line
 * without its newline. A record's id is its position in the attempt's sequence, 1,2,3..., and is
 * not stored.
 */
#ifndef ERRAND_MODEL_LOG_RECORD_H
#define ERRAND_MODEL_LOG_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/limits.h"

#define LOG_RECORD_HEADER_BYTES 18
#define LOG_RECORD_MAX_BYTES (LOG_RECORD_HEADER_BYTES + LIMIT_LOG_LINE_BYTES)

enum log_stream {
    LOG_STREAM_STDOUT = 1,
    LOG_STREAM_STDERR = 2,
    LOG_STREAM_SYSTEM = 3, /* Errand's own words */
};

/* The line goes on in the next record of the same stream. */
#define LOG_RECORD_PARTIAL 1

struct log_record {
    int64_t ts_us; /* when its last byte was read */
    enum log_stream stream;
    uint8_t flags;
    const char *payload; /* borrowed from the bytes it was read from */
    size_t n;            /* 0..LIMIT_LOG_LINE_BYTES */
};

enum log_record_found {
    LOG_RECORD_WHOLE, /* ret_record and ret_size are set */
    LOG_RECORD_TORN,  /* the bytes end inside a record (or there are none): more may follow */
    LOG_RECORD_BAD,   /* not a record: length, stream or checksum is wrong */
};

/* "stdout", "stderr" or "system". */
const char *log_stream_name(enum log_stream stream);

/* Append one record; the buffer's ceiling is checked as with any append. */
void log_record_append(struct buf *b, const struct log_record *record);

/* Write one record's header to `header` (LOG_RECORD_HEADER_BYTES); the payload follows it. For
 * writers that place payloads themselves. */
void log_record_header(unsigned char *header, const struct log_record *record);

/* Look at the first record of `n` bytes; `ret_size` is the bytes it takes. */
enum log_record_found log_record_next(const char *bytes, size_t n, struct log_record *ret_record,
                                      size_t *ret_size);

struct log_range {
    uint64_t records;          /* whole ones from the start */
    size_t bytes;              /* they take */
    uint64_t payload_bytes;    /* they carry */
    enum log_record_found end; /* TORN: the rest may grow into a record; BAD: it will not;
                                * WHOLE: stopped at max_records */
};

/* Count the whole records at the start of `n` bytes, at most `max_records` of them. Whole to the
 * end is TORN with bytes == n. */
struct log_range log_record_scan(const char *bytes, size_t n, uint64_t max_records);

#endif
