/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/limits.h"
#include "wire/log_frame.h"

#include <string.h>

static struct log_frame sample(const char *records)
{
    return (struct log_frame){.run_id = id_new(),
                              .attempt = 2,
                              .first_id = UINT64_C(0x123456789),
                              .n_records = 3,
                              .n_bytes = (uint32_t)strlen(records),
                              .records = records};
}

static void test_frames__come_back_one_after_another(void **state)
{
    (void)state;
    struct log_frame one = sample("first records");
    struct log_frame two = sample("second");
    struct log_frame got;
    struct err e;
    size_t used = 0;
    CLEANUP(buf_done) struct buf b;

    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    log_frame_put(&b, &one);
    log_frame_put(&b, &two);

    ASSERT_OK(log_frame_parse(b.data, b.len, &got, &used, &e), e);
    assert_int_equal(used, LOG_FRAME_HEADER_BYTES + one.n_bytes);
    assert_true(id_equal(got.run_id, one.run_id));
    assert_int_equal(got.attempt, 2);
    assert_true(got.first_id == UINT64_C(0x123456789));
    assert_int_equal(got.n_records, 3);
    assert_memory_equal(got.records, one.records, one.n_bytes);

    buf_consume(&b, used);
    ASSERT_OK(log_frame_parse(b.data, b.len, &got, &used, &e), e);
    assert_memory_equal(got.records, two.records, two.n_bytes);
    assert_int_equal(used, b.len);
}

static void test_frame__bytes_are_little_endian_at_their_offsets(void **state)
{
    (void)state;
    struct log_frame frame = sample("x");
    CLEANUP(buf_done) struct buf b;

    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    log_frame_put(&b, &frame);
    assert_int_equal(b.len, 37);
    assert_memory_equal(b.data, frame.run_id.bytes, 16);
    assert_memory_equal(b.data + 16, "\2\0\0\0", 4);
    assert_memory_equal(b.data + 20, "\x89\x67\x45\x23\1\0\0\0", 8);
    assert_memory_equal(b.data + 28, "\3\0\0\0\1\0\0\0x", 9);
}

static void test_frame__refuses_what_is_cut_short_at_any_byte(void **state)
{
    (void)state;
    struct log_frame frame = sample("records");
    CLEANUP(buf_done) struct buf b;

    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    log_frame_put(&b, &frame);
    for (size_t n = 0; n < b.len; n++) {
        size_t used = 0;
        struct err e;
        assert_int_equal(log_frame_parse(b.data, n, &frame, &used, &e), ERR_INVALID);
    }
}

static void test_frame__refuses_impossible_numbers(void **state)
{
    (void)state;
    struct log_frame bad[5];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = sample("records");
    bad[0].attempt = 0;
    bad[1].first_id = 0;
    bad[2].n_records = 0;
    bad[3].first_id = UINT64_MAX;
    bad[4].attempt = UINT32_MAX;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct log_frame got;
        struct err e;
        size_t used = 0;
        CLEANUP(buf_done) struct buf b;
        buf_init(&b, LIMIT_LOG_BATCH_BYTES);
        log_frame_put(&b, &bad[i]);
        assert_int_equal(log_frame_parse(b.data, b.len, &got, &used, &e), ERR_INVALID);
    }
}

static void test_acks__come_back(void **state)
{
    (void)state;
    struct log_ack acks[] = {{.run_id = id_new(), .attempt = 1, .last_id = 4711},
                             {.run_id = id_new(), .attempt = 2, .code = "conflict"}};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(log_ack_list_done) struct log_ack_list list = {0};
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    log_ack_list_put(&b, acks, 2);
    ASSERT_OK(log_ack_list_parse(b.data, b.len, &list, &e), e);
    assert_int_equal(list.n, 2);
    assert_true(id_equal(list.items[0].run_id, acks[0].run_id));
    assert_int_equal(list.items[0].last_id, 4711);
    assert_null(list.items[0].code);
    assert_int_equal(list.items[1].attempt, 2);
    assert_string_equal(list.items[1].code, "conflict");
}

static void test_acks__refuse_neither_last_id_nor_code(void **state)
{
    (void)state;
    static const char text[] =
        "{\"acks\":[{\"run\":\"0197a000-0000-7000-8000-000000000001\",\"attempt\":1}]}";
    struct log_ack_list list;
    struct err e;
    assert_int_equal(log_ack_list_parse(text, strlen(text), &list, &e), ERR_INVALID);
}

TEST_MAIN(cmocka_unit_test(test_frames__come_back_one_after_another),
          cmocka_unit_test(test_frame__bytes_are_little_endian_at_their_offsets),
          cmocka_unit_test(test_frame__refuses_what_is_cut_short_at_any_byte),
          cmocka_unit_test(test_frame__refuses_impossible_numbers),
          cmocka_unit_test(test_acks__come_back),
          cmocka_unit_test(test_acks__refuse_neither_last_id_nor_code))
