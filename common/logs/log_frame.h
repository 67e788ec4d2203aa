/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /agent/v1/logs, application/octet-stream: frames one after another, little-endian:
 *
 *   0   run id       16 bytes
 *   16  attempt      u32
 *   20  one chunk    logs/log_chunk.h
 */
#ifndef ERRAND_LOGS_LOG_FRAME_H
#define ERRAND_LOGS_LOG_FRAME_H

#include "base/id.h"
#include "logs/log_chunk.h"

#define LOG_FRAME_HEAD_BYTES 20
#define LOG_FRAME_MAX_BYTES (LOG_FRAME_HEAD_BYTES + LOG_CHUNK_MAX_BYTES)

struct log_frame {
    struct id run_id;
    uint32_t attempt;
    bool is_whole;                 /* false: the chunk is damaged, only its length is believed */
    struct log_chunk_header chunk; /* when whole */
    const void *bytes;             /* of the chunk, borrowed */
    size_t n;
};

/* Append the head of a frame; append its chunk next. */
void log_frame_begin(struct buf *b, struct id run_id, uint32_t attempt);

/* Read the frame at the start of `n` bytes; `*ret_used` is its length.
 * ERR_INVALID: cut short, longer than any frame, or of an impossible attempt. */
int log_frame_parse(const void *bytes, size_t n, struct log_frame *ret_frame, size_t *ret_used,
                    struct err *e) MUST_USE;

#endif
