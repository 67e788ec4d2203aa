/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/parse.h"
#include "support/test.h"

static void test_parse_i64__takes_the_whole_string_within_the_range(void **state)
{
    static const char *const good[] = {"1", "10", "007"};
    static const char *const bad[] = {"",
                                      "0",
                                      "11",
                                      "-1",
                                      "1 ",
                                      " 1",
                                      "+1",
                                      "1.0",
                                      "0x1",
                                      "a",
                                      "1a",
                                      "-",
                                      "9223372036854775808",
                                      "99999999999999999999"};

    (void)state;
    struct err e = {0};
    int64_t value = -5;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ASSERT_OK(parse_i64(good[i], 1, 10, "n", &value, &e), e);
    value = -5;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(parse_i64(bad[i], 1, 10, "per_page", &value, &e), ERR_INVALID);
        assert_non_null(strstr(e.msg, "per_page must be an integer between 1 and 10"));
    }
    assert_int_equal(value, -5);
    ASSERT_OK(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, "n", &value, &e), e);
    assert_true(value == INT64_MIN);
    ASSERT_OK(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, "n", &value, &e), e);
    assert_true(value == INT64_MAX);
}

static void test_parse_bytes__knows_its_suffixes(void **state)
{
    (void)state;
    struct err e = {0};
    int64_t value;
    ASSERT_OK(parse_bytes("512M", 0, INT64_MAX, "size", &value, &e), e);
    assert_true(value == INT64_C(512) << 20);
    ASSERT_OK(parse_bytes("7", 0, INT64_MAX, "size", &value, &e), e);
    assert_int_equal(value, 7);
    assert_int_equal(parse_bytes("M", 0, INT64_MAX, "size", &value, &e), ERR_INVALID);
    assert_int_equal(parse_bytes("9000000T", 0, INT64_MAX, "size", &value, &e), ERR_INVALID);
    assert_int_equal(parse_bytes("1MB", 0, INT64_MAX, "size", &value, &e), ERR_INVALID);
    assert_int_equal(parse_bytes("-1K", 0, INT64_MAX, "size", &value, &e), ERR_INVALID);
}

static void test_parse_bool__takes_words_both_ways(void **state)
{
    (void)state;
    struct err e = {0};
    bool value;
    ASSERT_OK(parse_bool("Yes", "x", &value, &e), e);
    assert_true(value);
    ASSERT_OK(parse_bool("off", "x", &value, &e), e);
    assert_false(value);
    assert_int_equal(parse_bool("maybe", "x", &value, &e), ERR_INVALID);
}

static void test_parse_base64__refuses_what_is_not(void **state)
{
    static const char *const bad[] = {"A",    "AA",   "AAA",   "A===",     "AA=A",
                                      "=AAA", "AA A", "AAA\n", "AA==AAAA", "AA--"};

    (void)state;
    struct err e = {0};
    unsigned char *bytes = NULL;
    size_t n;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(parse_base64(bad[i], strlen(bad[i]), "key", &bytes, &n, &e), ERR_INVALID);
    assert_null(bytes);
}

TEST_MAIN(cmocka_unit_test(test_parse_i64__takes_the_whole_string_within_the_range),
          cmocka_unit_test(test_parse_bytes__knows_its_suffixes),
          cmocka_unit_test(test_parse_bool__takes_words_both_ways),
          cmocka_unit_test(test_parse_base64__refuses_what_is_not))
