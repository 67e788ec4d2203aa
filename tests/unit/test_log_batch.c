/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "logs/log_batch.h"
#include "logs/log_frame.h"
#include "model/limits.h"

#include "support/test.h"

static struct buf body;
static struct id run;

static int set_up(void **state)
{
    (void)state;
    run = id_new();
    buf_init(&body, 4 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&body);
    return 0;
}

static void put_frame(uint64_t first_id, uint32_t n)
{
    CLEANUP(log_chunk_writer_done) struct log_chunk_writer writer;
    struct err e;
    ASSERT_OK(log_chunk_writer_init(&writer, &e), e);
    log_frame_begin(&body, run, 1);
    log_chunk_begin(&writer, first_id);
    for (uint32_t i = 0; i < n; i++)
        assert_true(log_chunk_add(
            &writer, &(struct log_record){.stream = LOG_STREAM_STDOUT, .payload = "abc", .n = 3}));
    log_chunk_seal(&writer, 1, &body);
}

static struct log_batch *parse(void)
{
    struct err e;
    struct log_batch *batch;
    ASSERT_OK(log_batch_parse(body.data, body.len, &batch, &e), e);
    return batch;
}

/* How many frames were answered with this code. */
static size_t count_answers(const struct log_batch *batch, const char *text)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, 1 << 20);
    log_batch_put_answer(batch, &b);
    for (const char *at = buf_text(&b); (at = strstr(at, text)) != NULL; at++)
        n++;
    buf_done(&b);
    return n;
}

static void test_parse__of_nothing_is_nothing_to_do(void **state)
{
    (void)state;
    struct log_batch *batch = parse();
    assert_true(log_batch_is_empty(batch));
    assert_int_equal(count_answers(batch, "\"acks\":[]"), 1);
    log_batch_free(batch);
}

static void test_parse__refuses_a_damaged_frame_by_itself(void **state)
{
    (void)state;
    put_frame(1, 3);
    body.data[body.len - 1] ^= 1;
    struct log_batch *batch = parse();
    assert_true(log_batch_is_empty(batch));
    assert_int_equal(count_answers(batch, "\"code\":\"invalid\""), 1);
    log_batch_free(batch);

    put_frame(1, 2);
    batch = parse();
    assert_false(log_batch_is_empty(batch));
    assert_int_equal(count_answers(batch, "\"code\":\"invalid\""), 1);
    assert_int_equal(count_answers(batch, "\"last_id\":0"), 1);
    log_batch_free(batch);
}

static void test_parse__refuses_framing_that_is_cut(void **state)
{
    (void)state;
    put_frame(1, 2);
    put_frame(3, 1);
    for (size_t n = body.len - 1; n > body.len - 20; n--) {
        struct err e;
        struct log_batch *batch;
        assert_int_equal(log_batch_parse(body.data, n, &batch, &e), ERR_INVALID);
    }
}

static void test_parse__takes_so_many_frames_and_no_more(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= LIMIT_LOG_FRAMES; id++)
        put_frame(id, 1);
    struct log_batch *batch = parse();
    assert_false(log_batch_is_empty(batch));
    assert_int_equal(count_answers(batch, "\"last_id\":0"), LIMIT_LOG_FRAMES);
    log_batch_free(batch);

    struct err e;
    put_frame(LIMIT_LOG_FRAMES + 1, 1);
    assert_int_equal(log_batch_parse(body.data, body.len, &batch, &e), ERR_LIMIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_MAIN(TEST(test_parse__of_nothing_is_nothing_to_do),
          TEST(test_parse__refuses_a_damaged_frame_by_itself),
          TEST(test_parse__refuses_framing_that_is_cut),
          TEST(test_parse__takes_so_many_frames_and_no_more))
