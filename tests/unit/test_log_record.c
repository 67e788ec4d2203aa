/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/log_record.h"

#include <string.h>

static void append(struct buf *b, enum log_stream stream, uint8_t flags, const char *text, size_t n)
{
    struct log_record record = {
        .ts_us = INT64_C(1766000000123456),
        .stream = stream,
        .flags = flags,
        .payload = text,
        .n = n,
    };
    log_record_append(b, &record);
}

static void three_records(struct buf *b)
{
    buf_init(b, 1 << 20);
    append(b, LOG_STREAM_STDOUT, 0, "hello", 5);
    append(b, LOG_STREAM_STDERR, LOG_RECORD_PARTIAL, "\0\xff", 2);
    append(b, LOG_STREAM_SYSTEM, 0, NULL, 0);
    assert_true(buf_ok(b));
}

static void test_log_record_append__layout_is_the_agreed_one(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, 100);
    struct log_record record = {.ts_us = 0x0102030405060708,
                                .stream = LOG_STREAM_STDERR,
                                .flags = LOG_RECORD_PARTIAL,
                                .payload = "hi",
                                .n = 2};
    log_record_append(&b, &record);

    static const unsigned char expected[] = {2, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 2, 1, 'h', 'i'};
    assert_int_equal(b.len, 4 + sizeof(expected));
    assert_memory_equal(b.data + 4, expected, sizeof(expected));
}

static void test_log_record_next__gives_back_what_was_appended(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    three_records(&b);

    struct log_record record;
    size_t size;
    assert_int_equal(log_record_next(b.data, b.len, &record, &size), LOG_RECORD_WHOLE);
    assert_int_equal(record.ts_us, INT64_C(1766000000123456));
    assert_int_equal(record.stream, LOG_STREAM_STDOUT);
    assert_int_equal(record.flags, 0);
    assert_int_equal(record.n, 5);
    assert_memory_equal(record.payload, "hello", 5);

    assert_int_equal(log_record_next(b.data + size, b.len - size, &record, &size),
                     LOG_RECORD_WHOLE);
    assert_int_equal(record.stream, LOG_STREAM_STDERR);
    assert_int_equal(record.flags, LOG_RECORD_PARTIAL);
    assert_memory_equal(record.payload, "\0\xff", 2);
}

static void test_log_record_next__every_cut_is_torn_never_bad(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, 100);
    append(&b, LOG_STREAM_STDOUT, 0, "hello", 5);

    for (size_t n = 0; n < b.len; n++) {
        struct log_record record;
        size_t size;
        assert_int_equal(log_record_next(b.data, n, &record, &size), LOG_RECORD_TORN);
    }
}

static void test_log_record_next__any_flipped_bit_is_noticed(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, 100);
    append(&b, LOG_STREAM_STDOUT, 0, "hello", 5);

    for (size_t bit = 0; bit < b.len * 8; bit++) {
        struct log_record record;
        size_t size;
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << (bit % 8)));
        assert_int_not_equal(log_record_next(b.data, b.len, &record, &size), LOG_RECORD_WHOLE);
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << (bit % 8)));
    }
}

static void test_log_record_next__length_over_the_limit_is_bad(void **state)
{
    (void)state;
    unsigned char bytes[LOG_RECORD_HEADER_BYTES] = {[6] = 1, [16] = LOG_STREAM_STDOUT};
    struct log_record record;
    size_t size;
    assert_int_equal(log_record_next((char *)bytes, sizeof(bytes), &record, &size), LOG_RECORD_BAD);
}

static void test_log_record_scan__counts_whole_records_before_a_torn_tail(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    three_records(&b);
    size_t whole = b.len;
    append(&b, LOG_STREAM_STDOUT, 0, "half", 4);

    struct log_range range = log_record_scan(b.data, b.len - 1, UINT64_MAX);
    assert_int_equal(range.records, 3);
    assert_int_equal(range.bytes, whole);
    assert_int_equal(range.payload_bytes, 7);
    assert_int_equal(range.end, LOG_RECORD_TORN);
}

static void test_log_record_scan__stops_at_a_bad_record_and_at_the_maximum(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    three_records(&b);
    assert_int_equal(log_record_scan(b.data, b.len, 2).records, 2);

    b.data[LOG_RECORD_HEADER_BYTES + 5] ^= 1;
    struct log_range range = log_record_scan(b.data, b.len, UINT64_MAX);
    assert_int_equal(range.records, 1);
    assert_int_equal(range.end, LOG_RECORD_BAD);
}

TEST_MAIN(cmocka_unit_test(test_log_record_append__layout_is_the_agreed_one),
          cmocka_unit_test(test_log_record_next__gives_back_what_was_appended),
          cmocka_unit_test(test_log_record_next__every_cut_is_torn_never_bad),
          cmocka_unit_test(test_log_record_next__any_flipped_bit_is_noticed),
          cmocka_unit_test(test_log_record_next__length_over_the_limit_is_bad),
          cmocka_unit_test(test_log_record_scan__counts_whole_records_before_a_torn_tail),
          cmocka_unit_test(test_log_record_scan__stops_at_a_bad_record_and_at_the_maximum))
