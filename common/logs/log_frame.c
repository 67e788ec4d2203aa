/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_frame.h"

#include <endian.h>
#include <string.h>

#define AT_ATTEMPT 16
#define AT_BODY_BYTES (LOG_FRAME_HEAD_BYTES + 4)

static uint32_t get_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

void log_frame_begin(struct buf *b, struct id run_id, uint32_t attempt)
{
    attempt = htole32(attempt);
    buf_add(b, run_id.bytes, sizeof(run_id.bytes));
    buf_add(b, &attempt, sizeof(attempt));
}

int log_frame_parse(const void *bytes, size_t n, struct log_frame *ret_frame, size_t *ret_used,
                    struct err *e)
{
    const char *at = bytes;
    struct log_frame frame = {0};
    if (n < LOG_FRAME_HEAD_BYTES + LOG_CHUNK_HEADER_BYTES)
        return err_set(e, ERR_INVALID, "log frame cut short at %zu bytes", n);
    memcpy(frame.run_id.bytes, at, sizeof(frame.run_id.bytes));
    frame.attempt = get_u32(at + AT_ATTEMPT);
    if (frame.attempt == 0 || frame.attempt > INT32_MAX)
        return err_set(e, ERR_INVALID, "log frame with an impossible attempt");
    frame.bytes = at + LOG_FRAME_HEAD_BYTES;
    frame.n = (size_t)LOG_CHUNK_HEADER_BYTES + get_u32(at + AT_BODY_BYTES);
    if (frame.n > LOG_CHUNK_MAX_BYTES || frame.n > n - LOG_FRAME_HEAD_BYTES)
        return err_set(e, ERR_INVALID, "log frame of an impossible length");

    struct err why;
    frame.is_whole = log_chunk_check(frame.bytes, frame.n, &frame.chunk, &why) == 0;
    *ret_used = LOG_FRAME_HEAD_BYTES + frame.n;
    *ret_frame = frame;
    return 0;
}
