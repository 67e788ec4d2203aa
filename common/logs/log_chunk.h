/* SPDX-License-Identifier: Apache-2.0
 *
 * Many lines of one attempt as one piece: made by the agent, sent, stored and read as the same
 * bytes. Little-endian:
 *
 *    0   crc32c        u32   of everything behind it, as it stands here
 *    4   body_bytes    u32   of the body as it stands here
 *    8   raw_bytes     u32   of the body unpacked; at most LIMIT_LOG_CHUNK_BYTES
 *   12   heads_bytes   u32   of the unpacked body's first column
 *   16   first_id      u64   id of the first line; the others follow without a gap
 *   24   n_lines       u32   at least 1
 *   28   version       u8    1
 *   29   codec         u8    enum log_codec
 *   30   marks         u8    LOG_MARK_*: what is inside
 *   31   zero          u8
 *   32   first_ts_us   i64   of the first line
 *   40   last_ts_us    i64   of the last line
 *   48   body
 *
 * The unpacked body has two columns, for text beside text packs better than text between numbers:
 *
 *   heads      a line: varint(length << 3 | partial << 2 | stream - 1),
 *                      varint(zigzag(ts - ts of the line before; the first: - first_ts_us))
 *   payloads   a line: its bytes, then '\n', also when it is partial: the column can be searched,
 *              and when no line is partial and every stream is wanted, written out as it is
 *
 * A gap says that lines are gone for good: its body is UTF-8, why, and it has no columns.
 *
 * varint: 7 bits a byte, the least first, the high bit says that more follow.
 */
#ifndef ERRAND_LOGS_LOG_CHUNK_H
#define ERRAND_LOGS_LOG_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "model/log_record.h"

#define LOG_CHUNK_HEADER_BYTES 48
#define LOG_CHUNK_MAX_BYTES (LOG_CHUNK_HEADER_BYTES + LIMIT_LOG_CHUNK_BYTES)

enum log_codec {
    LOG_CODEC_PLAIN = 0,
    LOG_CODEC_ZSTD = 1,
    LOG_CODEC_GAP = 2,
};

#define LOG_GAP_MAX_BYTES 1024

#define LOG_MARK_STDOUT 1U
#define LOG_MARK_STDERR 2U
#define LOG_MARK_SYSTEM 4U
#define LOG_MARK_PARTIAL 8U

struct log_chunk_header {
    uint32_t body_bytes;
    uint32_t raw_bytes;
    uint32_t heads_bytes;
    uint64_t first_id;
    uint32_t n_lines;
    enum log_codec codec;
    uint8_t marks;
    int64_t first_ts_us;
    int64_t last_ts_us;
};

/* Check the chunk at the start of `n` bytes without unpacking it: its header, its length and its
 * checksum. The whole chunk takes LOG_CHUNK_HEADER_BYTES + body_bytes; more may follow.
 * ERR_INVALID: cut short, damaged or of another version. */
int log_chunk_check(const void *bytes, size_t n, struct log_chunk_header *ret_header,
                    struct err *e) MUST_USE;

/* Writing */

struct log_chunk_writer {
    struct log_chunk_header header; /* of what was added so far */
    struct buf heads;
    struct buf payloads;
    struct ZSTD_CCtx_s *zstd; /* owned; reused */
};

int log_chunk_writer_init(struct log_chunk_writer *writer, struct err *e) MUST_USE;
void log_chunk_writer_done(struct log_chunk_writer *writer);

/* Begin a chunk with the line `first_id`; what was added before and not sealed is forgotten. */
void log_chunk_begin(struct log_chunk_writer *writer, uint64_t first_id);

/* False: the chunk is full, or memory is; it has not been added. The first line always fits. */
bool log_chunk_add(struct log_chunk_writer *writer, const struct log_record *record) MUST_USE;

/* Append the chunk to `out` and begin the next one. `level` is zstd's; packed only when that makes
 * it smaller. With no line added, nothing is appended. */
void log_chunk_seal(struct log_chunk_writer *writer, int level, struct buf *out);

/* Append a gap of `n_lines` from `first_id` on; `why` is cut at LOG_GAP_MAX_BYTES. */
void log_chunk_put_gap(struct buf *out, uint64_t first_id, uint32_t n_lines, int64_t ts_us,
                       const char *why);

/* Reading */

struct log_chunk_reader {
    struct log_chunk_header header;
    struct buf raw;           /* of a packed one */
    struct ZSTD_DCtx_s *zstd; /* owned; reused; NULL until needed */
    const unsigned char *head, *heads_end;
    const char *payload, *payloads_end; /* what has not been read */
    int64_t ts_us;
    uint64_t next_id;
};

void log_chunk_reader_init(struct log_chunk_reader *reader);
void log_chunk_reader_done(struct log_chunk_reader *reader);

/* Check and unpack the chunk at the start of `n` bytes, and begin to read it. A plain one is read
 * where it is: `bytes` must live on. ERR_INVALID as above; ERR_UNAVAILABLE: out of memory. */
int log_chunk_open(struct log_chunk_reader *reader, const void *bytes, size_t n,
                   struct err *e) MUST_USE;

/* 1 and a line, whose payload lives as long as the open chunk, 0 after the last; its id was next_id
 * before. A gap is one line of the stream system that says why, and next_id is behind it then.
 * ERR_INVALID: the body is no body. */
int log_chunk_next(struct log_chunk_reader *reader, struct log_record *ret_record,
                   struct err *e) MUST_USE;

/* Of an open chunk: all payloads, as the second column has them. */
const char *log_chunk_payloads(const struct log_chunk_reader *reader, size_t *ret_n);

#endif
