/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_chunk.h"

#include "base/crc32c.h"

#include <zstd.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#define VERSION 1
#define VARINT_MAX_BYTES 10
#define HEAD_MAX_BYTES ((size_t)2 * VARINT_MAX_BYTES)
#define PAYLOAD_MAX_BYTES (LIMIT_LOG_LINE_BYTES + 1)

_Static_assert(HEAD_MAX_BYTES + PAYLOAD_MAX_BYTES <= LIMIT_LOG_CHUNK_BYTES, "a line always fits");

/* numbers */

static void put_u32(unsigned char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof(value));
}

static void put_u64(unsigned char *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof(value));
}

static uint32_t get_u32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return le32toh(value);
}

static uint64_t get_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return le64toh(value);
}

static size_t put_varint(unsigned char *at, uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        at[n++] = (unsigned char)(value | 0x80);
    at[n++] = (unsigned char)value;
    return n;
}

/* False at the end of the bytes, or when it is longer than 64 bits. */
static bool get_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

/* the header */

static void encode_header(unsigned char *at, const struct log_chunk_header *header)
{
    put_u32(at + 4, header->body_bytes);
    put_u32(at + 8, header->raw_bytes);
    put_u32(at + 12, header->heads_bytes);
    put_u64(at + 16, header->first_id);
    put_u32(at + 24, header->n_lines);
    at[28] = VERSION;
    at[29] = (unsigned char)header->codec;
    at[30] = header->marks;
    at[31] = 0;
    put_u64(at + 32, (uint64_t)header->first_ts_us);
    put_u64(at + 40, (uint64_t)header->last_ts_us);
}

static struct log_chunk_header decode_header(const unsigned char *at)
{
    return (struct log_chunk_header){
        .body_bytes = get_u32(at + 4),
        .raw_bytes = get_u32(at + 8),
        .heads_bytes = get_u32(at + 12),
        .first_id = get_u64(at + 16),
        .n_lines = get_u32(at + 24),
        .codec = (enum log_codec)at[29],
        .marks = at[30],
        .first_ts_us = (int64_t)get_u64(at + 32),
        .last_ts_us = (int64_t)get_u64(at + 40),
    };
}

static bool lines_are_possible(const struct log_chunk_header *header)
{
    if (header->codec == LOG_CODEC_GAP)
        return header->heads_bytes == 0 && header->raw_bytes <= LOG_GAP_MAX_BYTES;
    /* a line has at least two bytes of head and its newline */
    return header->heads_bytes <= header->raw_bytes && header->n_lines <= header->heads_bytes / 2 &&
           header->n_lines <= header->raw_bytes - header->heads_bytes;
}

static bool header_is_possible(const struct log_chunk_header *header)
{
    if (header->codec > LOG_CODEC_GAP || header->raw_bytes > LIMIT_LOG_CHUNK_BYTES)
        return false;
    if (header->codec == LOG_CODEC_ZSTD ? header->body_bytes >= header->raw_bytes
                                        : header->body_bytes != header->raw_bytes)
        return false;
    return header->n_lines > 0 && lines_are_possible(header) && header->first_id > 0 &&
           header->first_id <= (uint64_t)INT64_MAX - UINT32_MAX;
}

int log_chunk_check(const void *bytes, size_t n, struct log_chunk_header *ret_header, struct err *e)
{
    const unsigned char *at = bytes;
    if (n < LOG_CHUNK_HEADER_BYTES)
        return err_set(e, ERR_INVALID, "log chunk cut short at %zu bytes", n);
    if (at[28] != VERSION)
        return err_set(e, ERR_INVALID, "log chunk of version %u", at[28]);
    struct log_chunk_header header = decode_header(at);
    if (!header_is_possible(&header))
        return err_set(e, ERR_INVALID, "log chunk with an impossible header");
    if (header.body_bytes > n - LOG_CHUNK_HEADER_BYTES)
        return err_set(e, ERR_INVALID, "log chunk cut short in its body");
    size_t summed = LOG_CHUNK_HEADER_BYTES - 4 + (size_t)header.body_bytes;
    if (get_u32(at) != crc32c(0, at + 4, summed))
        return err_set(e, ERR_INVALID, "log chunk with a wrong checksum");
    *ret_header = header;
    return 0;
}

/* writing */

int log_chunk_writer_init(struct log_chunk_writer *writer, struct err *e)
{
    *writer = (struct log_chunk_writer){.zstd = ZSTD_createCCtx()};
    buf_init(&writer->heads, LIMIT_LOG_CHUNK_BYTES);
    buf_init(&writer->payloads, LIMIT_LOG_CHUNK_BYTES);
    log_chunk_begin(writer, 1);
    return writer->zstd != NULL ? 0 : err_errno(e, ENOMEM, "pack log lines");
}

void log_chunk_writer_done(struct log_chunk_writer *writer)
{
    (void)ZSTD_freeCCtx(writer->zstd);
    writer->zstd = NULL;
    buf_done(&writer->heads);
    buf_done(&writer->payloads);
}

void log_chunk_begin(struct log_chunk_writer *writer, uint64_t first_id)
{
    writer->header = (struct log_chunk_header){.first_id = first_id};
    buf_clear(&writer->heads);
    buf_clear(&writer->payloads);
}

static bool has_room(const struct log_chunk_writer *writer, size_t payload_n)
{
    return writer->heads.len + writer->payloads.len + HEAD_MAX_BYTES + payload_n + 1 <=
           LIMIT_LOG_CHUNK_BYTES;
}

bool log_chunk_add(struct log_chunk_writer *writer, const struct log_record *record)
{
    struct log_chunk_header *header = &writer->header;
    if (!has_room(writer, record->n))
        return false;
    unsigned char *head = (unsigned char *)buf_reserve(&writer->heads, HEAD_MAX_BYTES);
    char *payload = buf_reserve(&writer->payloads, record->n + 1);
    if (head == NULL || payload == NULL)
        return false;

    if (header->n_lines == 0)
        header->first_ts_us = header->last_ts_us = record->ts_us;
    unsigned is_partial = (record->flags & LOG_RECORD_PARTIAL) != 0;
    size_t n = put_varint(head, record->n << 3 | is_partial << 2 | (record->stream - 1U));
    n += put_varint(head + n,
                    zigzag((int64_t)((uint64_t)record->ts_us - (uint64_t)header->last_ts_us)));
    buf_advance(&writer->heads, n);
    if (record->n > 0)
        memcpy(payload, record->payload, record->n);
    payload[record->n] = '\n';
    buf_advance(&writer->payloads, record->n + 1);

    header->n_lines++;
    header->last_ts_us = record->ts_us;
    header->marks |= (uint8_t)(1U << (record->stream - 1U) | (is_partial ? LOG_MARK_PARTIAL : 0));
    return true;
}

/* Header and checksum of the body that is in its place. */
static void finish(unsigned char *at, const struct log_chunk_header *header, struct buf *out)
{
    size_t n = LOG_CHUNK_HEADER_BYTES + (size_t)header->body_bytes;
    encode_header(at, header);
    put_u32(at, crc32c(0, at + 4, n - 4));
    buf_advance(out, n);
}

void log_chunk_seal(struct log_chunk_writer *writer, int level, struct buf *out)
{
    struct log_chunk_header *header = &writer->header;
    if (header->n_lines == 0)
        return;
    header->heads_bytes = (uint32_t)writer->heads.len;
    buf_add(&writer->heads, writer->payloads.data, writer->payloads.len);
    header->raw_bytes = header->body_bytes = (uint32_t)writer->heads.len;
    header->codec = LOG_CODEC_PLAIN;

    unsigned char *at =
        (unsigned char *)buf_reserve(out, LOG_CHUNK_HEADER_BYTES + header->raw_bytes);
    if (at == NULL)
        return;
    char *body = (char *)at + LOG_CHUNK_HEADER_BYTES;
    size_t packed = ZSTD_compressCCtx(writer->zstd, body, header->raw_bytes - 1, writer->heads.data,
                                      header->raw_bytes, level);
    if (!ZSTD_isError(packed)) {
        header->codec = LOG_CODEC_ZSTD;
        header->body_bytes = (uint32_t)packed;
    } else {
        memcpy(body, writer->heads.data, header->raw_bytes);
    }
    finish(at, header, out);
    log_chunk_begin(writer, header->first_id + header->n_lines);
}

void log_chunk_put_gap(struct buf *out, uint64_t first_id, uint32_t n_lines, int64_t ts_us,
                       const char *why)
{
    uint32_t n = (uint32_t)strnlen(why, LOG_GAP_MAX_BYTES);
    unsigned char *at = (unsigned char *)buf_reserve(out, LOG_CHUNK_HEADER_BYTES + (size_t)n);
    if (at == NULL)
        return;
    memcpy(at + LOG_CHUNK_HEADER_BYTES, why, n);
    finish(at,
           &(struct log_chunk_header){.body_bytes = n,
                                      .raw_bytes = n,
                                      .first_id = first_id,
                                      .n_lines = n_lines,
                                      .codec = LOG_CODEC_GAP,
                                      .marks = LOG_MARK_SYSTEM,
                                      .first_ts_us = ts_us,
                                      .last_ts_us = ts_us},
           out);
}

/* reading */

void log_chunk_reader_init(struct log_chunk_reader *reader)
{
    *reader = (struct log_chunk_reader){.zstd = NULL};
    buf_init(&reader->raw, LIMIT_LOG_CHUNK_BYTES);
}

void log_chunk_reader_done(struct log_chunk_reader *reader)
{
    (void)ZSTD_freeDCtx(reader->zstd);
    reader->zstd = NULL;
    buf_done(&reader->raw);
}

static int unpack(struct log_chunk_reader *reader, const char *body, const char **ret_raw,
                  struct err *e)
{
    size_t raw_n = reader->header.raw_bytes;
    if (reader->zstd == NULL)
        reader->zstd = ZSTD_createDCtx();
    buf_clear(&reader->raw);
    char *raw = buf_reserve(&reader->raw, raw_n);
    if (reader->zstd == NULL || raw == NULL)
        return err_errno(e, ENOMEM, "unpack log lines");
    size_t n = ZSTD_decompressDCtx(reader->zstd, raw, raw_n, body, reader->header.body_bytes);
    if (ZSTD_isError(n) || n != raw_n)
        return err_set(e, ERR_INVALID, "log chunk that cannot be unpacked");
    buf_advance(&reader->raw, raw_n);
    *ret_raw = raw;
    return 0;
}

int log_chunk_open(struct log_chunk_reader *reader, const void *bytes, size_t n, struct err *e)
{
    struct log_chunk_header header;
    int r = log_chunk_check(bytes, n, &header, e);
    if (r < 0)
        return r;
    const char *raw = (const char *)bytes + LOG_CHUNK_HEADER_BYTES;
    reader->header = header;
    if (header.codec == LOG_CODEC_ZSTD)
        r = unpack(reader, raw, &raw, e);
    if (r < 0)
        return r;
    reader->head = (const unsigned char *)raw;
    reader->heads_end = reader->head + header.heads_bytes;
    reader->payload = raw + header.heads_bytes;
    reader->payloads_end = raw + header.raw_bytes;
    reader->ts_us = header.first_ts_us;
    reader->next_id = header.first_id;
    return 0;
}

static int broken(struct log_chunk_reader *reader, struct err *e)
{
    reader->next_id = reader->header.first_id + reader->header.n_lines;
    return err_set(e, ERR_INVALID, "log chunk of line %llu is damaged inside",
                   (unsigned long long)reader->header.first_id);
}

static int take_gap(struct log_chunk_reader *reader, struct log_record *ret_record)
{
    size_t n;
    const char *why = log_chunk_payloads(reader, &n);
    *ret_record = (struct log_record){
        .ts_us = reader->ts_us, .stream = LOG_STREAM_SYSTEM, .payload = why, .n = n};
    reader->next_id = reader->header.first_id + reader->header.n_lines;
    return 1;
}

int log_chunk_next(struct log_chunk_reader *reader, struct log_record *ret_record, struct err *e)
{
    uint64_t size;
    uint64_t delta;
    if (reader->next_id == reader->header.first_id + reader->header.n_lines)
        return 0;
    if (reader->header.codec == LOG_CODEC_GAP)
        return take_gap(reader, ret_record);
    if (!get_varint(&reader->head, reader->heads_end, &size) ||
        !get_varint(&reader->head, reader->heads_end, &delta))
        return broken(reader, e);
    size_t n = (size_t)(size >> 3);
    if (n > LIMIT_LOG_LINE_BYTES || (size & 3) == 3 ||
        n >= (size_t)(reader->payloads_end - reader->payload) || reader->payload[n] != '\n')
        return broken(reader, e);
    reader->ts_us = (int64_t)((uint64_t)reader->ts_us + (uint64_t)unzigzag(delta));
    *ret_record = (struct log_record){
        .ts_us = reader->ts_us,
        .stream = (enum log_stream)((size & 3) + 1),
        .flags = (size & 4) != 0 ? LOG_RECORD_PARTIAL : 0,
        .payload = reader->payload,
        .n = n,
    };
    reader->payload += n + 1;
    reader->next_id++;
    return 1;
}

const char *log_chunk_payloads(const struct log_chunk_reader *reader, size_t *ret_n)
{
    *ret_n = reader->header.raw_bytes - reader->header.heads_bytes;
    return reader->payloads_end - *ret_n;
}
