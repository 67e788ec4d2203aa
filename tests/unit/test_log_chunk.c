/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/crc32c.h"
#include "logs/log_chunk.h"

#include <stdio.h>
#include <string.h>

#define ROOM ((size_t)4 << 20)

static struct log_record record_of(int64_t ts_us, enum log_stream stream, const char *text)
{
    return (struct log_record){
        .ts_us = ts_us, .stream = stream, .payload = text, .n = strlen(text)};
}

static void add(struct log_chunk_writer *writer, struct log_record record)
{
    assert_true(log_chunk_add(writer, &record));
}

static void three_lines(struct buf *out)
{
    CLEANUP(log_chunk_writer_done) struct log_chunk_writer writer;
    struct err e;
    ASSERT_OK(log_chunk_writer_init(&writer, &e), e);
    log_chunk_begin(&writer, 7);
    add(&writer, record_of(1000, LOG_STREAM_STDOUT, "hello"));
    struct log_record partial = {.ts_us = 900,
                                 .stream = LOG_STREAM_STDERR,
                                 .flags = LOG_RECORD_PARTIAL,
                                 .payload = "\0\xff",
                                 .n = 2};
    add(&writer, partial);
    add(&writer, record_of(INT64_MAX, LOG_STREAM_SYSTEM, ""));
    buf_init(out, ROOM);
    log_chunk_seal(&writer, 1, out);
    assert_true(buf_ok(out));
}

static void test_log_chunk__layout_is_the_documented_one(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    three_lines(&b);
    /* clang-format off */
    static const unsigned char expected[] = {
        26, 0, 0, 0, 26, 0, 0, 0, 16, 0, 0, 0, /* sizes */
        7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,    /* first_id, n_lines */
        1, 0, 15, 0,                           /* version, codec, marks */
        0xe8, 3, 0, 0, 0, 0, 0, 0,             /* first_ts */
        255, 255, 255, 255, 255, 255, 255, 127, /* last_ts */
        5 << 3, 0,                             /* 5 bytes of stdout, now */
        2 << 3 | 4 | 1, 0xc7, 1,               /* 2 of stderr, partial, 100 us earlier */
        2, 0xf6, 0xf1, 255, 255, 255, 255, 255, 255, 255, 1, /* none of system, long after */
    };
    /* clang-format on */
    assert_memory_equal(b.data + 4, expected, sizeof(expected));
    assert_int_equal(b.len, LOG_CHUNK_HEADER_BYTES + (unsigned char)b.data[4]);
    assert_memory_equal(b.data + b.len - 10, "hello\n\0\xff\n\n", 10);
}

static void test_log_chunk__what_was_written_is_read(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    CLEANUP(log_chunk_reader_done) struct log_chunk_reader reader;
    struct log_record record;
    struct err e;
    three_lines(&b);
    log_chunk_reader_init(&reader);
    ASSERT_OK(log_chunk_open(&reader, b.data, b.len, &e), e);
    assert_int_equal(reader.next_id, 7);

    assert_int_equal(log_chunk_next(&reader, &record, &e), 1);
    assert_int_equal(record.ts_us, 1000);
    assert_int_equal(record.stream, LOG_STREAM_STDOUT);
    assert_memory_equal(record.payload, "hello", record.n);
    assert_int_equal(log_chunk_next(&reader, &record, &e), 1);
    assert_int_equal(record.ts_us, 900);
    assert_int_equal(record.flags, LOG_RECORD_PARTIAL);
    assert_int_equal(record.n, 2);
    assert_int_equal(log_chunk_next(&reader, &record, &e), 1);
    assert_int_equal(record.ts_us, INT64_MAX);
    assert_int_equal(record.stream, LOG_STREAM_SYSTEM);
    assert_int_equal(record.n, 0);
    assert_int_equal(log_chunk_next(&reader, &record, &e), 0);
    assert_int_equal(reader.next_id, 10);
}

/* Fill a chunk with numbered lines; returns how many went in. */
static uint32_t fill(struct log_chunk_writer *writer, size_t width)
{
    char text[LIMIT_LOG_LINE_BYTES + 1];
    for (uint32_t i = 0;; i++) {
        int n = snprintf(text, sizeof(text), "%0*u", (int)width, i);
        struct log_record record = {
            .ts_us = i, .stream = LOG_STREAM_STDOUT, .payload = text, .n = (size_t)n};
        if (!log_chunk_add(writer, &record))
            return i;
    }
}

static void test_log_chunk__full_ones_are_packed_and_whole(void **state)
{
    (void)state;
    CLEANUP(log_chunk_writer_done) struct log_chunk_writer writer;
    CLEANUP(log_chunk_reader_done) struct log_chunk_reader reader;
    CLEANUP(buf_done) struct buf b;
    struct err e;
    buf_init(&b, ROOM);
    log_chunk_reader_init(&reader);
    ASSERT_OK(log_chunk_writer_init(&writer, &e), e);
    uint32_t n = fill(&writer, 80);
    assert_in_range(n, 1500, 1600);
    log_chunk_seal(&writer, 1, &b);
    size_t first = b.len;
    assert_true(first < (size_t)LIMIT_LOG_CHUNK_BYTES / 3);
    assert_int_equal(fill(&writer, LIMIT_LOG_LINE_BYTES), 7);
    log_chunk_seal(&writer, 1, &b);
    log_chunk_seal(&writer, 1, &b); /* nothing in it: nothing comes */

    ASSERT_OK(log_chunk_open(&reader, b.data + first, b.len - first, &e), e);
    assert_int_equal(reader.header.first_id, n + 1);
    ASSERT_OK(log_chunk_open(&reader, b.data, b.len, &e), e);
    assert_int_equal(reader.header.codec, LOG_CODEC_ZSTD);
    assert_int_equal(reader.header.last_ts_us, n - 1);
    size_t payloads_n;
    const char *payloads = log_chunk_payloads(&reader, &payloads_n);
    assert_int_equal(payloads_n, n * 81);
    struct log_record record;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(log_chunk_next(&reader, &record, &e), 1);
        assert_int_equal(record.ts_us, i);
        assert_ptr_equal(record.payload, payloads + (size_t)i * 81);
    }
    assert_int_equal(log_chunk_next(&reader, &record, &e), 0);
}

static void test_log_chunk__any_flipped_bit_and_any_cut_is_seen(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    struct log_chunk_header header;
    struct err e;
    three_lines(&b);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(log_chunk_check(b.data, b.len, &header, &e), ERR_INVALID);
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(log_chunk_check(b.data, n, &header, &e), ERR_INVALID);
    ASSERT_OK(log_chunk_check(b.data, b.len, &header, &e), e);
}

/* Whoever can sum can lie about the rest. */
static void test_log_chunk__a_body_that_is_none_is_an_error_and_the_end(void **state)
{
    (void)state;
    CLEANUP(log_chunk_reader_done) struct log_chunk_reader reader;
    log_chunk_reader_init(&reader);
    for (size_t at = LOG_CHUNK_HEADER_BYTES; at < LOG_CHUNK_HEADER_BYTES + 26; at++) {
        CLEANUP(buf_done) struct buf b;
        struct log_record record;
        struct err e;
        three_lines(&b);
        b.data[at] = (char)(b.data[at] ^ 0xff);
        uint32_t crc = crc32c(0, b.data + 4, b.len - 4);
        memcpy(b.data, &crc, sizeof(crc));
        ASSERT_OK(log_chunk_open(&reader, b.data, b.len, &e), e);
        int lines = 0;
        int r;
        while ((r = log_chunk_next(&reader, &record, &e)) == 1)
            lines++;
        assert_in_range(lines, 0, 3);
        assert_true(r == 0 || r == ERR_INVALID);
        assert_int_equal(log_chunk_next(&reader, &record, &e), 0);
    }
}

static void test_log_chunk__a_gap_says_why_in_one_record(void **state)
{
    (void)state;
    CLEANUP(log_chunk_reader_done) struct log_chunk_reader reader;
    CLEANUP(buf_done) struct buf b;
    struct log_record record;
    struct err e;
    buf_init(&b, ROOM);
    log_chunk_put_gap(&b, 11, 500000, 77, "the spool is damaged");
    log_chunk_reader_init(&reader);
    ASSERT_OK(log_chunk_open(&reader, b.data, b.len, &e), e);
    assert_int_equal(reader.header.n_lines, 500000);
    assert_int_equal(log_chunk_next(&reader, &record, &e), 1);
    assert_int_equal(record.stream, LOG_STREAM_SYSTEM);
    assert_int_equal(record.ts_us, 77);
    assert_memory_equal(record.payload, "the spool is damaged", record.n);
    assert_int_equal(reader.next_id, 500011);
    assert_int_equal(log_chunk_next(&reader, &record, &e), 0);
}

TEST_MAIN(cmocka_unit_test(test_log_chunk__layout_is_the_documented_one),
          cmocka_unit_test(test_log_chunk__what_was_written_is_read),
          cmocka_unit_test(test_log_chunk__full_ones_are_packed_and_whole),
          cmocka_unit_test(test_log_chunk__any_flipped_bit_and_any_cut_is_seen),
          cmocka_unit_test(test_log_chunk__a_body_that_is_none_is_an_error_and_the_end),
          cmocka_unit_test(test_log_chunk__a_gap_says_why_in_one_record))
