/* SPDX-License-Identifier: Apache-2.0 */
#include "model/log_record.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/crc32c.h"

#define AT_LENGTH 4
#define AT_TS 8
#define AT_STREAM 16
#define AT_FLAGS 17

static const char *const stream_names[] = {
    [LOG_STREAM_STDOUT] = "stdout",
    [LOG_STREAM_STDERR] = "stderr",
    [LOG_STREAM_SYSTEM] = "system",
};

static uint32_t read_u32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint32_t checksum(const void *header, const void *payload, size_t n)
{
    const char *summed = (const char *)header + AT_LENGTH;
    return crc32c(crc32c(0, summed, LOG_RECORD_HEADER_BYTES - AT_LENGTH), payload, n);
}

const char *log_stream_name(enum log_stream stream)
{
    return stream_names[stream];
}

void log_record_header(unsigned char *header, const struct log_record *record)
{
    assert(record->n <= LIMIT_LOG_LINE_BYTES);

    uint32_t length = htole32((uint32_t)record->n);
    uint64_t ts = htole64((uint64_t)record->ts_us);
    memcpy(header + AT_LENGTH, &length, sizeof(length));
    memcpy(header + AT_TS, &ts, sizeof(ts));
    header[AT_STREAM] = (unsigned char)record->stream;
    header[AT_FLAGS] = record->flags;

    uint32_t crc = htole32(checksum(header, record->payload, record->n));
    memcpy(header, &crc, sizeof(crc));
}

void log_record_append(struct buf *b, const struct log_record *record)
{
    char *at = buf_reserve(b, LOG_RECORD_HEADER_BYTES + record->n);
    if (at == NULL)
        return;
    log_record_header((unsigned char *)at, record);
    if (record->n > 0)
        memcpy(at + LOG_RECORD_HEADER_BYTES, record->payload, record->n);
    buf_advance(b, LOG_RECORD_HEADER_BYTES + record->n);
}

enum log_record_found log_record_next(const char *bytes, size_t n, struct log_record *ret_record,
                                      size_t *ret_size)
{
    if (n < LOG_RECORD_HEADER_BYTES)
        return LOG_RECORD_TORN;

    uint32_t length = read_u32(bytes + AT_LENGTH);
    unsigned char stream = (unsigned char)bytes[AT_STREAM];
    if (length > LIMIT_LOG_LINE_BYTES || stream < LOG_STREAM_STDOUT || stream > LOG_STREAM_SYSTEM)
        return LOG_RECORD_BAD;
    if (n - LOG_RECORD_HEADER_BYTES < length)
        return LOG_RECORD_TORN;

    const char *payload = bytes + LOG_RECORD_HEADER_BYTES;
    if (read_u32(bytes) != checksum(bytes, payload, length))
        return LOG_RECORD_BAD;

    uint64_t ts;
    memcpy(&ts, bytes + AT_TS, sizeof(ts));
    *ret_record = (struct log_record){
        .ts_us = (int64_t)le64toh(ts),
        .stream = (enum log_stream)stream,
        .flags = (uint8_t)bytes[AT_FLAGS],
        .payload = payload,
        .n = length,
    };
    *ret_size = LOG_RECORD_HEADER_BYTES + length;
    return LOG_RECORD_WHOLE;
}

struct log_range log_record_scan(const char *bytes, size_t n, uint64_t max_records)
{
    struct log_range range = {.end = LOG_RECORD_TORN};
    while (range.records < max_records) {
        struct log_record record;
        size_t size;
        range.end = log_record_next(bytes + range.bytes, n - range.bytes, &record, &size);
        if (range.end != LOG_RECORD_WHOLE)
            break;
        range.records++;
        range.bytes += size;
        range.payload_bytes += record.n;
    }
    return range;
}
