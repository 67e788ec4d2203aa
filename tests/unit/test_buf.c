/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "support/test.h"

static void test_buf_add__grows_up_to_the_ceiling_and_not_past_it(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 100; i++)
        buf_add(&b, "0123456789", 10);
    assert_true(buf_ok(&b));
    assert_int_equal(b.len, 1000);
    buf_add_char(&b, 'x');
    assert_false(buf_ok(&b));
    assert_int_equal(b.len, 1000);
    assert_string_equal(buf_text(&b), "");
    assert_null(buf_take(&b));

    buf_clear(&b);
    assert_true(buf_ok(&b));
    buf_add_text(&b, "again");
    assert_string_equal(buf_text(&b), "again");
    buf_done(&b);
}

static void test_buf_printf__is_whole_or_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_printf(&b, "%s-%d", "ab", 12345);
    assert_string_equal(buf_text(&b), "ab-12345");
    buf_printf(&b, "%c", 'x');
    assert_false(buf_ok(&b));
    buf_done(&b);
}

static void test_buf_add__huge_size_does_not_wrap(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    buf_add_text(&b, "abc");
    assert_null(buf_reserve(&b, SIZE_MAX - 1));
    assert_false(buf_ok(&b));
    buf_done(&b);
}

static void test_buf_consume__drops_from_the_front(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    buf_add_text(&b, "headtail");
    buf_consume(&b, 4);
    assert_string_equal(buf_text(&b), "tail");
    buf_consume(&b, 99);
    assert_int_equal(b.len, 0);
    buf_done(&b);
}

static void test_buf_add_json_string__escapes_what_json_needs(void **state)
{
    static const char text[] = "a\"b\\c\n\r\t\b\f\x01\x1f/\xc3\xa9";

    (void)state;
    struct buf b;
    buf_init(&b, 200);
    buf_add_json_string(&b, text, sizeof(text) - 1);
    assert_string_equal(buf_text(&b), "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f/\xc3\xa9\"");
    buf_clear(&b);
    buf_add_json_string(&b, "", 0);
    assert_string_equal(buf_text(&b), "\"\"");
    buf_done(&b);
}

static void test_buf_add_base64__round_trips_every_length(void **state)
{
    (void)state;
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);

    for (size_t n = 0; n < sizeof(bytes); n++) {
        struct buf b;
        struct err e = {0};
        unsigned char *decoded = NULL;
        size_t decoded_n = 99;
        buf_init(&b, 1000);
        buf_add_base64(&b, bytes, n);
        ASSERT_OK(parse_base64(buf_text(&b), b.len, "x", &decoded, &decoded_n, &e), e);
        assert_int_equal(decoded_n, n);
        assert_memory_equal(decoded, bytes, n);
        free(decoded);
        buf_done(&b);
    }
}

static void test_buf_take__moves_the_text_out(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    free(empty);
    buf_add_text(&b, "text");
    char *text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_int_equal(b.len, 0);
    free(text);
    buf_done(&b);
}

TEST_MAIN(cmocka_unit_test(test_buf_add__grows_up_to_the_ceiling_and_not_past_it),
          cmocka_unit_test(test_buf_printf__is_whole_or_nothing),
          cmocka_unit_test(test_buf_add__huge_size_does_not_wrap),
          cmocka_unit_test(test_buf_consume__drops_from_the_front),
          cmocka_unit_test(test_buf_add_json_string__escapes_what_json_needs),
          cmocka_unit_test(test_buf_add_base64__round_trips_every_length),
          cmocka_unit_test(test_buf_take__moves_the_text_out))
