/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/buf.h"
#include "shim/line_splitter.h"

#include <string.h>

/* What was emitted, as "<flags><length>:<first 8 bytes>|". */
static void note(void *context, const struct log_record *record)
{
    struct buf *notes = context;
    size_t n = record->n < 8 ? record->n : 8;
    assert_int_equal(record->ts_us, 77);
    assert_int_equal(record->stream, LOG_STREAM_STDERR);
    buf_printf(notes, "%s%zu:", record->flags == LOG_RECORD_PARTIAL ? "+" : "", record->n);
    buf_add(notes, record->payload, n);
    buf_add_char(notes, '|');
}

struct split {
    struct line_splitter splitter;
    struct buf notes;
};

static void split_init(struct split *split)
{
    struct err e;
    ASSERT_OK(line_splitter_init(&split->splitter, LOG_STREAM_STDERR, &e), e);
    buf_init(&split->notes, 1 << 20);
}

static void split_done(struct split *split)
{
    line_splitter_done(&split->splitter);
    buf_done(&split->notes);
}

static void put(struct split *split, const char *bytes, size_t n)
{
    size_t room;
    char *to = line_splitter_room(&split->splitter, &room);
    assert_true(room >= LINE_SPLITTER_READ_BYTES && n <= room);
    memcpy(to, bytes, n);
    line_splitter_take(&split->splitter, n, 77, note, &split->notes);
}

static void put_many(struct split *split, char c, size_t n)
{
    for (size_t left = n; left > 0;) {
        char chunk[1000];
        size_t some = left < sizeof(chunk) ? left : sizeof(chunk);
        memset(chunk, c, some);
        put(split, chunk, some);
        left -= some;
    }
}

static void finish(struct split *split)
{
    line_splitter_finish(&split->splitter, 77, note, &split->notes);
}

static void test_line_splitter__any_cut_of_the_bytes_gives_the_same_lines(void **state)
{
    (void)state;
    static const char bytes[] = "one\n\ntwo\r\n\n\nlast";
    for (size_t cut = 0; cut < sizeof(bytes); cut++) {
        CLEANUP(split_done) struct split split;
        split_init(&split);
        put(&split, bytes, cut);
        put(&split, bytes + cut, sizeof(bytes) - 1 - cut);
        finish(&split);
        assert_string_equal(buf_text(&split.notes), "3:one|0:|4:two\r|0:|0:|4:last|");
    }
}

static void test_line_splitter__nothing_gives_nothing(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put(&split, "", 0);
    finish(&split);
    assert_string_equal(buf_text(&split.notes), "");
}

static void test_line_splitter__a_full_piece_and_newline_is_one_whole_line(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put_many(&split, 'x', LIMIT_LOG_LINE_BYTES);
    assert_string_equal(buf_text(&split.notes), "");
    put(&split, "\n", 1);
    assert_string_equal(buf_text(&split.notes), "16384:xxxxxxxx|");
}

static void test_line_splitter__one_byte_more_is_two_pieces(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put_many(&split, 'x', LIMIT_LOG_LINE_BYTES + 1);
    put(&split, "\n", 1);
    finish(&split);
    assert_string_equal(buf_text(&split.notes), "+16384:xxxxxxxx|1:x|");
}

static void test_line_splitter__an_endless_line_is_never_held(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put_many(&split, 'x', 3 * LIMIT_LOG_LINE_BYTES + 5);
    assert_true(split.splitter.n <= LIMIT_LOG_LINE_BYTES + 2);
    finish(&split);
    assert_string_equal(buf_text(&split.notes),
                        "+16384:xxxxxxxx|+16384:xxxxxxxx|+16384:xxxxxxxx|5:xxxxx|");
}

static void test_line_splitter__pieces_do_not_cut_code_points(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put_many(&split, 'x', LIMIT_LOG_LINE_BYTES - 1);
    put(&split, "\xc3\xa4y\n", 4);
    assert_string_equal(buf_text(&split.notes), "+16383:xxxxxxxx|3:\xc3\xa4y|");
}

static void test_line_splitter__a_character_that_comes_in_parts_is_not_cut(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put_many(&split, 'x', LIMIT_LOG_LINE_BYTES - 1);
    put(&split, "\xe2\x82", 2);
    put(&split, "\xac", 1);
    put(&split, "y\n", 2);
    assert_string_equal(buf_text(&split.notes), "+16383:xxxxxxxx|4:\xe2\x82\xac"
                                                "y|");
}

static void test_line_splitter_flush__gives_out_whole_characters_as_a_piece(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    line_splitter_flush(&split.splitter, 77, note, &split.notes);
    put(&split, "a\nnow \xe2\x98", 8);
    assert_true(line_splitter_is_holding(&split.splitter));
    line_splitter_flush(&split.splitter, 77, note, &split.notes);
    assert_string_equal(buf_text(&split.notes), "1:a|+4:now |");
    put(&split, "\x83\n", 2);
    assert_false(line_splitter_is_holding(&split.splitter));
    assert_string_equal(buf_text(&split.notes), "1:a|+4:now |3:\xe2\x98\x83|");
    finish(&split);
    assert_string_equal(buf_text(&split.notes), "1:a|+4:now |3:\xe2\x98\x83|");
}

static void test_line_splitter_flush__a_piece_at_the_end_is_closed(void **state)
{
    (void)state;
    CLEANUP(split_done) struct split split;
    split_init(&split);
    put(&split, "end", 3);
    line_splitter_flush(&split.splitter, 77, note, &split.notes);
    finish(&split);
    assert_string_equal(buf_text(&split.notes), "+3:end|0:|");
}

TEST_MAIN(cmocka_unit_test(test_line_splitter_flush__gives_out_whole_characters_as_a_piece),
          cmocka_unit_test(test_line_splitter_flush__a_piece_at_the_end_is_closed),
          cmocka_unit_test(test_line_splitter__any_cut_of_the_bytes_gives_the_same_lines),
          cmocka_unit_test(test_line_splitter__nothing_gives_nothing),
          cmocka_unit_test(test_line_splitter__a_full_piece_and_newline_is_one_whole_line),
          cmocka_unit_test(test_line_splitter__one_byte_more_is_two_pieces),
          cmocka_unit_test(test_line_splitter__an_endless_line_is_never_held),
          cmocka_unit_test(test_line_splitter__pieces_do_not_cut_code_points),
          cmocka_unit_test(test_line_splitter__a_character_that_comes_in_parts_is_not_cut))
