/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "support/test.h"

static void test_id_new__grows_even_when_the_clock_stands_or_goes_back(void **state)
{
    (void)state;
    char last[ID_TEXT_BYTES] = "";
    char text[ID_TEXT_BYTES];
    for (int i = 0; i < 10000; i++) {
        if (i == 3000)
            clock_set_for_test(INT64_C(1767322983456789));
        if (i == 6000)
            clock_set_for_test(INT64_C(1767322900000000));
        assert_true(strcmp(last, id_format(id_new(), text)) < 0);
        memcpy(last, text, sizeof(last));
    }
    clock_set_for_test(-1);
}

static void test_id_new__is_version_7_with_the_time_in_front(void **state)
{
    (void)state;
    struct id id = id_new();
    assert_int_equal(id.bytes[6] >> 4, 7);
    assert_int_equal(id.bytes[8] >> 6, 2);
}

static void test_id_parse__round_trips(void **state)
{
    (void)state;
    struct err e = {0};
    struct id id = id_new();
    struct id back;
    ASSERT_OK(id_parse(ID_TEXT(id), 36, &back, &e), e);
    assert_true(id_equal(id, back));
    ASSERT_OK(id_parse("01900000-0000-7000-8000-00000000ABCD", 36, &back, &e), e);
    assert_string_equal(ID_TEXT(back), "01900000-0000-7000-8000-00000000abcd");
}

static void test_id_parse__refuses_anything_else(void **state)
{
    static const char *const bad[] = {"",
                                      "01900000",
                                      "01900000-0000-7000-8000-00000000000",
                                      "01900000-0000-7000-8000-0000000000000",
                                      "01900000x0000-7000-8000-000000000000",
                                      "0190000g-0000-7000-8000-000000000000",
                                      "{1900000-0000-7000-8000-000000000000",
                                      "019000000-000-7000-8000-000000000000"};

    (void)state;
    struct err e = {0};
    struct id id;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(id_parse(bad[i], strlen(bad[i]), &id, &e), ERR_INVALID);
}

TEST_MAIN(cmocka_unit_test(test_id_new__is_version_7_with_the_time_in_front),
          cmocka_unit_test(test_id_new__grows_even_when_the_clock_stands_or_goes_back),
          cmocka_unit_test(test_id_parse__round_trips),
          cmocka_unit_test(test_id_parse__refuses_anything_else))
