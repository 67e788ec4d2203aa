/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
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

/* Each byte at each place of some words, beside a plain one after another. */
static void test_buf_add_json_string__finds_what_to_escape_wherever_it_is(void **state)
{
    (void)state;
    char text[27];
    char expected[64];
    for (size_t n = 1; n <= sizeof(text); n++) {
        for (size_t at = 0; at < n; at++) {
            for (int c = 1; c < 256; c++) {
                struct buf b;
                buf_init(&b, 100);
                memset(text, c % 2 == 0 ? 0xc3 : 'x', n);
                text[at] = (char)c;
                char escape[8] = {(char)c};
                if (c == '"' || c == '\\')
                    (void)snprintf(escape, sizeof(escape), "\\%c", c);
                else if (c < 0x20 && strchr("\b\f\n\r\t", c) == NULL)
                    (void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)c);
                else if (c < 0x20)
                    (void)snprintf(escape, sizeof(escape), "\\%c", "btn?fr"[c - '\b']);
                int len = snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"", (int)at, text,
                                   escape, (int)(n - at - 1), text + at + 1);
                buf_add_json_string(&b, text, n);
                assert_int_equal(b.len, len);
                assert_memory_equal(b.data, expected, b.len);
                buf_done(&b);
            }
        }
    }
}

static void test_buf_add_i64__writes_decimals(void **state)
{
    static const int64_t values[] = {0,  9,   10,  -1,        INT64_MIN, INT64_MAX,
                                     99, 100, 101, 123456789, -10};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char expected[32];
        struct buf b;
        buf_init(&b, 100);
        (void)snprintf(expected, sizeof(expected), "%" PRId64, values[i]);
        buf_add_i64(&b, values[i]);
        assert_string_equal(buf_text(&b), expected);
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
          cmocka_unit_test(test_buf_add_json_string__finds_what_to_escape_wherever_it_is),
          cmocka_unit_test(test_buf_add_i64__writes_decimals),
          cmocka_unit_test(test_buf_take__moves_the_text_out))
