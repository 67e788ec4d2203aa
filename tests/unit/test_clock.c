/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "support/test.h"

static void test_clock_format__has_ms_and_us(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    assert_string_equal(clock_format_ms(INT64_C(1767322983456789), text),
                        "2026-01-02T03:03:03.456Z");
    assert_string_equal(clock_format_us(INT64_C(1767322983456789), text),
                        "2026-01-02T03:03:03.456789Z");
    assert_string_equal(clock_format_us(-1, text), "1969-12-31T23:59:59.999999Z");
}

/* Beside libc, on the edges of days, months, years and centuries and at random. */
static void test_clock_format__is_what_libc_says(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 200000; i++) {
        char text[CLOCK_TEXT_BYTES];
        char expected[CLOCK_TEXT_BYTES + 32];
        random = random * 6364136223846793005 + 1442695040888963407;
        int64_t seconds = i < 120000 ? INT64_C(86400) * i * 24 - (i % 3 - 1)
                                     : (int64_t)(random >> 1) % INT64_C(253402300800);
        if (seconds < 0)
            seconds = 0;
        int ms = (int)(random >> 33) % 1000;
        struct tm tm;
        time_t at = (time_t)seconds;
        assert_non_null(gmtime_r(&at, &tm));
        size_t n = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(expected + n, sizeof(expected) - n, ".%03dZ", ms);
        assert_string_equal(clock_format_ms(seconds * CLOCK_US_PER_S + ms * 1000 + 999, text),
                            expected);
    }
}

static void test_clock_format__of_other_millenia(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_BYTES];
    assert_string_equal(clock_format_ms(INT64_C(253402300799999999), text),
                        "9999-12-31T23:59:59.999Z");
    assert_string_equal(clock_format_ms(INT64_C(253402300800000000), text),
                        "10000-01-01T00:00:00.000Z");
    assert_string_equal(clock_format_ms(INT64_C(-62135596800000000), text),
                        "0001-01-01T00:00:00.000Z");
}

static void test_clock_parse__reads_what_we_write_and_offsets(void **state)
{
    static const struct {
        const char *text;
        int64_t at_us;
    } good[] = {
        {"2026-01-02T03:03:03.456789Z", INT64_C(1767322983456789)},
        {"2026-01-02T03:03:03Z", INT64_C(1767322983000000)},
        {"2026-01-02T05:03:03+02:00", INT64_C(1767322983000000)},
        {"2026-01-01T22:33:03-04:30", INT64_C(1767322983000000)},
        {"1970-01-01t00:00:00.1z", 100000},
        {"2024-02-29T00:00:00.123456789Z", INT64_C(1709164800123456)},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000)},
    };

    (void)state;
    struct err e = {0};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t at_us = 0;
        ASSERT_OK(clock_parse(good[i].text, &at_us, &e), e);
        assert_true(at_us == good[i].at_us);
    }
}

static void test_clock_parse__refuses_the_rest(void **state)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-01-02",
                                      "2026-01-02T03:04:05",
                                      "2026-01-02T03:04:05.Z",
                                      "2026-13-02T03:04:05Z",
                                      "2026-02-30T03:04:05Z",
                                      "2026-01-02T25:04:05Z",
                                      "2026-01-02T03:04:05+25:00",
                                      "2026-01-02T03:04:05ZZ",
                                      "2026-1-2T03:04:05Z",
                                      "2026-01-02T03:04:05.1234567890Z",
                                      "0000-12-31T23:59:59Z",
                                      "0001-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "yesterday"};

    (void)state;
    struct err e = {0};
    int64_t at_us = 42;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(clock_parse(bad[i], &at_us, &e), ERR_INVALID);
    assert_int_equal(at_us, 42);
}

static void test_clock_set_for_test__stands_still(void **state)
{
    (void)state;
    clock_set_for_test(1234);
    assert_int_equal(clock_now_us(), 1234);
    clock_set_for_test(-1);
    assert_true(clock_now_us() > INT64_C(1700000000000000));
}

TEST_MAIN(cmocka_unit_test(test_clock_format__has_ms_and_us),
          cmocka_unit_test(test_clock_format__is_what_libc_says),
          cmocka_unit_test(test_clock_format__of_other_millenia),
          cmocka_unit_test(test_clock_parse__reads_what_we_write_and_offsets),
          cmocka_unit_test(test_clock_parse__refuses_the_rest),
          cmocka_unit_test(test_clock_set_for_test__stands_still))
