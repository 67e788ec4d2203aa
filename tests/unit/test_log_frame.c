/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "logs/log_frame.h"

#include <string.h>

static struct buf b;
static struct id run;

static int set_up(void **state)
{
    (void)state;
    run = id_new();
    buf_init(&b, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&b);
    return 0;
}

static void put(uint32_t attempt, uint64_t first_id, const char *text)
{
    CLEANUP(log_chunk_writer_done) struct log_chunk_writer writer;
    struct err e;
    struct log_record record = {.stream = LOG_STREAM_STDOUT, .payload = text, .n = strlen(text)};
    ASSERT_OK(log_chunk_writer_init(&writer, &e), e);
    log_frame_begin(&b, run, attempt);
    log_chunk_begin(&writer, first_id);
    assert_true(log_chunk_add(&writer, &record));
    log_chunk_seal(&writer, 1, &b);
    assert_true(buf_ok(&b));
}

static void test_frames__come_back_one_after_another(void **state)
{
    (void)state;
    struct log_frame frame;
    size_t used;
    struct err e;
    put(2, 7, "first");
    size_t first_n = b.len;
    put(2, 8, "second");
    ASSERT_OK(log_frame_parse(b.data, b.len, &frame, &used, &e), e);
    assert_int_equal(used, first_n);
    assert_true(id_equal(frame.run_id, run));
    assert_int_equal(frame.attempt, 2);
    assert_true(frame.is_whole);
    assert_int_equal(frame.chunk.first_id, 7);
    assert_ptr_equal(frame.bytes, b.data + LOG_FRAME_HEAD_BYTES);
    ASSERT_OK(log_frame_parse(b.data + used, b.len - used, &frame, &used, &e), e);
    assert_int_equal(frame.chunk.first_id, 8);
    assert_int_equal(used, b.len - first_n);
}

static void test_frame__bytes_are_at_their_offsets(void **state)
{
    (void)state;
    put(0x0102, 1, "x");
    assert_memory_equal(b.data, run.bytes, 16);
    assert_memory_equal(b.data + 16, "\2\1\0\0", 4);
    assert_int_equal(b.len, LOG_FRAME_HEAD_BYTES + LOG_CHUNK_HEADER_BYTES + 4);
}

static void test_frame__refuses_what_is_cut_short_at_any_byte(void **state)
{
    (void)state;
    put(1, 1, "some line");
    for (size_t n = 0; n < b.len; n++) {
        struct log_frame frame;
        size_t used;
        struct err e;
        assert_int_equal(log_frame_parse(b.data, n, &frame, &used, &e), ERR_INVALID);
    }
}

static void test_frame__damage_inside_keeps_its_length(void **state)
{
    (void)state;
    struct log_frame frame;
    size_t used;
    struct err e;
    put(1, 1, "some line");
    b.data[b.len - 1] ^= 1;
    ASSERT_OK(log_frame_parse(b.data, b.len, &frame, &used, &e), e);
    assert_false(frame.is_whole);
    assert_int_equal(used, b.len);
}

static void test_frame__refuses_impossible_numbers(void **state)
{
    (void)state;
    static const uint32_t attempts[] = {0, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        struct log_frame frame;
        size_t used;
        struct err e;
        buf_clear(&b);
        put(attempts[i], 1, "x");
        assert_int_equal(log_frame_parse(b.data, b.len, &frame, &used, &e), ERR_INVALID);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_MAIN(TEST(test_frames__come_back_one_after_another),
          TEST(test_frame__bytes_are_at_their_offsets),
          TEST(test_frame__refuses_what_is_cut_short_at_any_byte),
          TEST(test_frame__damage_inside_keeps_its_length),
          TEST(test_frame__refuses_impossible_numbers))
