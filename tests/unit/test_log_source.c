/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/file.h"
#include "log_source.h"
#include "logs/log_frame.h"
#include "shim/spool_segment.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct place {
    char dir[64];
    char spool[96];
    struct log_source source;
    struct log_reading reading;
};

/* What is appended goes there. */
static void use_segment(struct place *place, uint64_t first_id)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    spool_segment_name(first_id, name);
    (void)snprintf(place->spool, sizeof(place->spool), "%s/%s", place->dir, name);
}

static int set_up(void **state)
{
    static struct place place;
    place = (struct place){.dir = "/tmp/errand-source-XXXXXX"};
    if (mkdtemp(place.dir) == NULL)
        return -1;
    use_segment(&place, 1);
    log_source_init(&place.source, id_new(), 1, place.dir);
    place.source.is_pending = true;
    *state = &place;
    struct err e;
    return log_reading_init(&place.reading, &e);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    struct err e;
    log_source_done(&place->source);
    log_reading_done(&place->reading);
    return dir_remove(place->dir, &e);
}

static void append(const struct place *place, const void *bytes, size_t n)
{
    CLEANUP(fd_closep) int fd = open(place->spool, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, bytes, n), n);
}

static void append_header_of(const struct place *place, uint64_t first_id)
{
    unsigned char header[SPOOL_SEGMENT_HEADER_BYTES];
    const struct spool_segment segment = {.first_id = first_id};
    spool_segment_encode(&segment, header);
    append(place, header, sizeof(header));
}

static void append_header(const struct place *place)
{
    append_header_of(place, 1);
}

static void append_lines(const struct place *place, int from, int to)
{
    CLEANUP(buf_done) struct buf b;
    buf_init(&b, 1 << 24);
    for (int i = from; i <= to; i++) {
        char text[64];
        int n = snprintf(text, sizeof(text), "line %d", i);
        const struct log_record record = {
            .ts_us = i, .stream = LOG_STREAM_STDOUT, .payload = text, .n = (size_t)n};
        log_record_append(&b, &record);
    }
    append(place, b.data, b.len);
}

/* Read one frame and check where it starts and how long it is; 0 lines: there is none. */
static void assert_reads(struct place *place, uint64_t first_id, uint32_t n)
{
    CLEANUP(buf_done) struct buf b;
    struct log_frame frame;
    struct err e;
    size_t used = 0;
    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    ASSERT_OK(log_source_read(&place->source, &place->reading, &b, &e), e);
    if (n == 0) {
        assert_int_equal(b.len, 0);
        assert_false(place->source.is_pending);
        return;
    }
    ASSERT_OK(log_frame_parse(b.data, b.len, &frame, &used, &e), e);
    assert_int_equal(used, b.len);
    assert_int_equal(frame.chunk.first_id, first_id);
    assert_int_equal(frame.chunk.n_lines, n);
}

static void test_read__waits_for_spool_header_and_whole_records(void **state)
{
    struct place *place = *state;
    assert_reads(place, 0, 0);
    append_header(place);
    assert_int_equal(truncate(place->spool, 7), 0);
    place->source.is_pending = true;
    assert_reads(place, 0, 0);
    assert_int_equal(truncate(place->spool, 0), 0);
    append_header(place);
    append_lines(place, 1, 3);
    append(place, "torn", 4);
    place->source.is_pending = true;
    assert_reads(place, 1, 3);
    assert_reads(place, 0, 0);
}

static void test_seek__goes_on_after_what_is_stored(void **state)
{
    struct place *place = *state;
    struct err e;
    append_header(place);
    append_lines(place, 1, 100);
    assert_reads(place, 1, 100);
    ASSERT_OK(log_source_seek(&place->source, 100, &e), e);
    append_lines(place, 101, 110);
    assert_reads(place, 101, 10);
    /* only a part was stored */
    ASSERT_OK(log_source_seek(&place->source, 104, &e), e);
    assert_reads(place, 105, 6);
    /* the API lost some: back before what it once acknowledged */
    ASSERT_OK(log_source_seek(&place->source, 50, &e), e);
    assert_reads(place, 51, 60);
    /* an adopted run: stored further than was ever read here */
    log_source_done(&place->source);
    log_source_init(&place->source, id_new(), 1, place->dir);
    ASSERT_OK(log_source_seek(&place->source, 109, &e), e);
    assert_reads(place, 110, 1);
    assert_int_equal(log_source_seek(&place->source, 111, &e), ERR_INVALID);
}

static void test_land__what_was_read_meanwhile_is_sent_next(void **state)
{
    struct place *place = *state;
    append_header(place);
    append_lines(place, 1, 10);
    assert_reads(place, 1, 10);
    log_source_launch(&place->source);
    append_lines(place, 11, 15);
    assert_reads(place, 11, 5);
    assert_false(log_source_land(&place->source, 7));
    assert_true(log_source_land(&place->source, 10));
    assert_int_equal(place->source.acked.last_id, 10);
    append_lines(place, 16, 17);
    assert_reads(place, 16, 2);
    log_source_rewind(&place->source);
    assert_reads(place, 11, 7);
}

static void test_read__frames_keep_their_ceiling(void **state)
{
    struct place *place = *state;
    struct err e;
    uint64_t next = 1;
    append_header(place);
    append_lines(place, 1, 50000);
    while (place->source.is_pending) {
        CLEANUP(buf_done) struct buf b;
        struct log_frame frame;
        size_t used = 0;
        buf_init(&b, LIMIT_LOG_BATCH_BYTES);
        ASSERT_OK(log_source_read(&place->source, &place->reading, &b, &e), e);
        if (b.len == 0)
            break;
        ASSERT_OK(log_frame_parse(b.data, b.len, &frame, &used, &e), e);
        assert_int_equal(frame.chunk.first_id, next);
        next += frame.chunk.n_lines;
    }
    assert_int_equal(next, 50001);
}

static void test_rewind__sends_again_what_was_not_acknowledged(void **state)
{
    struct place *place = *state;
    struct err e;
    append_header(place);
    append_lines(place, 1, 10);
    assert_reads(place, 1, 10);
    ASSERT_OK(log_source_seek(&place->source, 4, &e), e);
    assert_reads(place, 5, 6);
    log_source_rewind(&place->source);
    assert_reads(place, 5, 6);
}

static void test_read__damage_is_an_error_and_the_end(void **state)
{
    struct place *place = *state;
    CLEANUP(buf_done) struct buf b;
    struct err e;
    char zeros[64] = {0};
    append_header(place);
    append_lines(place, 1, 2);
    append(place, zeros, sizeof(zeros));
    assert_reads(place, 1, 2);
    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    assert_int_equal(log_source_read(&place->source, &place->reading, &b, &e), ERR_INVALID);
    assert_false(place->source.is_pending);
}

/* Three segments of ten lines. */
static void make_three(struct place *place)
{
    for (int i = 0; i < 3; i++) {
        use_segment(place, (uint64_t)i * 10 + 1);
        append_header_of(place, (uint64_t)i * 10 + 1);
        append_lines(place, i * 10 + 1, i * 10 + 10);
    }
}

static bool has_segment(struct place *place, uint64_t first_id)
{
    use_segment(place, first_id);
    return access(place->spool, F_OK) == 0;
}

static void test_segments__are_read_on_and_removed_once_acknowledged(void **state)
{
    struct place *place = *state;
    struct err e;
    make_three(place);
    assert_reads(place, 1, 10);
    assert_reads(place, 11, 10);
    ASSERT_OK(log_source_seek(&place->source, 15, &e), e);
    assert_false(has_segment(place, 1));
    assert_true(has_segment(place, 11));
    assert_reads(place, 16, 5);
    assert_reads(place, 21, 10);
    assert_reads(place, 0, 0);
    ASSERT_OK(log_source_seek(&place->source, 30, &e), e);
    assert_false(has_segment(place, 11));
    assert_true(has_segment(place, 21));

    /* whoever comes anew begins with what is left */
    log_source_done(&place->source);
    log_source_init(&place->source, id_new(), 1, place->dir);
    place->source.is_pending = true;
    assert_reads(place, 21, 10);
}

/* Read one frame, which must be a gap. */
static void assert_reads_gap(struct place *place, uint64_t first_id, uint32_t n)
{
    CLEANUP(buf_done) struct buf b;
    struct log_frame frame;
    struct err e;
    size_t used = 0;
    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    ASSERT_OK(log_source_read(&place->source, &place->reading, &b, &e), e);
    ASSERT_OK(log_frame_parse(b.data, b.len, &frame, &used, &e), e);
    assert_int_equal(frame.chunk.codec, LOG_CODEC_GAP);
    assert_int_equal(frame.chunk.first_id, first_id);
    assert_int_equal(frame.chunk.n_lines, n);
}

static void test_damage__in_a_segment_is_a_gap_up_to_the_next(void **state)
{
    struct place *place = *state;
    struct err e;
    make_three(place);
    use_segment(place, 11);
    assert_int_equal(truncate(place->spool, SPOOL_SEGMENT_HEADER_BYTES), 0);
    append_lines(place, 11, 13);
    append(place, "this is no record, and it is long enough to see that", 50);
    assert_reads(place, 1, 10);
    assert_reads(place, 11, 3);
    assert_reads_gap(place, 14, 7);
    assert_reads(place, 21, 10);
    ASSERT_OK(log_source_seek(&place->source, 30, &e), e);
}

static void test_damage__at_the_end_is_a_gap_once_the_end_is_known(void **state)
{
    struct place *place = *state;
    CLEANUP(buf_done) struct buf b;
    char zeros[64] = {0};
    struct err e;
    append_header(place);
    append_lines(place, 1, 2);
    append(place, zeros, sizeof(zeros));
    buf_init(&b, LIMIT_LOG_BATCH_BYTES);
    assert_reads(place, 1, 2);
    assert_int_equal(log_source_read(&place->source, &place->reading, &b, &e), ERR_INVALID);
    log_source_set_end(&place->source, 7);
    assert_reads_gap(place, 3, 5);
    assert_reads(place, 0, 0);
    ASSERT_OK(log_source_seek(&place->source, 7, &e), e);
    assert_int_equal(place->source.acked.last_id, 7);
}

static void test_damage__a_segment_that_is_gone_is_a_gap(void **state)
{
    struct place *place = *state;
    make_three(place);
    use_segment(place, 11);
    assert_int_equal(unlink(place->spool), 0);
    assert_reads(place, 1, 10);
    log_source_set_end(&place->source, 30);
    assert_reads_gap(place, 11, 10);
    assert_reads(place, 21, 10);
}

static void test_seek__back_before_what_was_removed_is_a_gap(void **state)
{
    struct place *place = *state;
    struct err e;
    make_three(place);
    assert_reads(place, 1, 10);
    assert_reads(place, 11, 10);
    assert_reads(place, 21, 10);
    ASSERT_OK(log_source_seek(&place->source, 30, &e), e);
    /* the API came back with a log of its past */
    ASSERT_OK(log_source_seek(&place->source, 5, &e), e);
    assert_reads_gap(place, 6, 15);
    assert_reads(place, 21, 10);
}

#define PLACE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

TEST_MAIN(PLACE_TEST(test_read__waits_for_spool_header_and_whole_records),
          PLACE_TEST(test_seek__goes_on_after_what_is_stored),
          PLACE_TEST(test_land__what_was_read_meanwhile_is_sent_next),
          PLACE_TEST(test_read__frames_keep_their_ceiling),
          PLACE_TEST(test_rewind__sends_again_what_was_not_acknowledged),
          PLACE_TEST(test_read__damage_is_an_error_and_the_end),
          PLACE_TEST(test_segments__are_read_on_and_removed_once_acknowledged),
          PLACE_TEST(test_damage__in_a_segment_is_a_gap_up_to_the_next),
          PLACE_TEST(test_damage__at_the_end_is_a_gap_once_the_end_is_known),
          PLACE_TEST(test_damage__a_segment_that_is_gone_is_a_gap),
          PLACE_TEST(test_seek__back_before_what_was_removed_is_a_gap))
