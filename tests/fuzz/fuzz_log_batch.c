/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include "base/crc32c.h"
#include "logs/log_batch.h"
#include "logs/log_frame.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RIGHT_SUMS 2U

/* Every frame's checksum as its bytes want it. */
static void put_sums(char *bytes, size_t n)
{
    struct log_frame frame;
    struct err e;
    size_t used;
    for (size_t at = 0; at < n; at += used) {
        if (log_frame_parse(bytes + at, n - at, &frame, &used, &e) < 0)
            return;
        char *chunk = bytes + at + LOG_FRAME_HEAD_BYTES;
        uint32_t crc = crc32c(0, chunk + 4, frame.n - 4);
        memcpy(chunk, &crc, sizeof(crc));
    }
}

static void read_chunk(struct log_chunk_reader *reader, const struct log_frame *frame)
{
    struct err e;
    struct log_record record;
    uint64_t lines = 0;
    int r;
    if (log_chunk_open(reader, frame->bytes, frame->n, &e) < 0)
        return;
    while ((r = log_chunk_next(reader, &record, &e)) == 1) {
        assert(record.n <= LIMIT_LOG_LINE_BYTES);
        lines++;
    }
    assert(lines <= frame->chunk.n_lines);
    assert(r < 0 || frame->chunk.codec == LOG_CODEC_GAP || lines == frame->chunk.n_lines);
    assert(log_chunk_next(reader, &record, &e) == 0);
}

static void read_frames(const char *bytes, size_t n)
{
    struct log_chunk_reader reader;
    struct log_frame frame;
    struct err e;
    size_t used;
    log_chunk_reader_init(&reader);
    for (size_t at = 0; at < n; at += used) {
        if (log_frame_parse(bytes + at, n - at, &frame, &used, &e) < 0)
            break;
        if (frame.is_whole)
            read_chunk(&reader, &frame);
    }
    log_chunk_reader_done(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct log_batch *batch;
    struct err e;
    if (n < 1 || n > LIMIT_LOG_BATCH_BYTES)
        return 0;
    char *bytes = malloc(n);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data + 1, n - 1);
    if ((data[0] & RIGHT_SUMS) != 0)
        put_sums(bytes, n - 1);
    if (log_batch_parse(bytes, n - 1, &batch, &e) == 0) {
        CLEANUP(buf_done) struct buf answer;
        buf_init(&answer, 1 << 20);
        (void)log_batch_is_empty(batch);
        log_batch_put_answer(batch, &answer);
        log_batch_free(batch);
    }
    read_frames(bytes, n - 1);
    free(bytes);
    return 0;
}
