/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/defer.h"
#include "base/utf8.h"
#include "support/test.h"

static void test_utf8_is_valid__takes_well_formed_text_only(void **state)
{
    static const char *const good[] = {"",
                                       "plain ascii, longer than a word",
                                       "\xc3\xa9",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x98\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "12345678\xc2\x80"};
    static const char *const bad[] = {"\x80",             /* lone continuation */
                                      "\xc3",             /* cut short */
                                      "\xc0\xaf",         /* overlong */
                                      "\xe0\x80\xaf",     /* overlong */
                                      "\xf0\x80\x80\xaf", /* overlong */
                                      "\xed\xa0\x80",     /* surrogate */
                                      "\xf4\x90\x80\x80", /* above U+10FFFF */
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "12345678\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(utf8_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_is_valid("a\0b", 3));
}

static void test_utf8_length__counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
}

static void test_utf8_floor__never_splits_a_code_point(void **state)
{
    static const char text[] = "ab\xf0\x9f\x98\x80z";
    static const size_t floor_of[] = {0, 1, 2, 2, 2, 2, 6, 7};

    (void)state;
    for (size_t n = 0; n < ARRAY_LEN(floor_of); n++)
        assert_int_equal(utf8_floor(text, n, sizeof(text) - 1), floor_of[n]);
    /* not text: cut anywhere */
    assert_int_equal(utf8_floor("\x80\x80\x80\x80\x80\x80", 3, 6), 3);
}

static void test_utf8_repair__leaves_characters_alone(void **state)
{
    char text[] = "a\xc3\xa9\xff\xf0\x9f\x98 z\xe2\x82";
    (void)state;
    utf8_repair(text, sizeof(text) - 1);
    assert_string_equal(text, "a\xc3\xa9???? z??");
}

TEST_MAIN(cmocka_unit_test(test_utf8_is_valid__takes_well_formed_text_only),
          cmocka_unit_test(test_utf8_length__counts_code_points),
          cmocka_unit_test(test_utf8_floor__never_splits_a_code_point),
          cmocka_unit_test(test_utf8_repair__leaves_characters_alone))
