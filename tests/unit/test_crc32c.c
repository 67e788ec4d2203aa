/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/crc32c.h"

#include <string.h>

static void test_crc32c__known_vectors(void **state)
{
    (void)state;
    unsigned char zeros[32] = {0};
    unsigned char ones[32];
    unsigned char rising[32];
    memset(ones, 0xff, sizeof(ones));
    for (unsigned char i = 0; i < sizeof(rising); i++)
        rising[i] = i;

    assert_int_equal(crc32c(0, zeros, sizeof(zeros)), 0x8a9136aa);
    assert_int_equal(crc32c(0, ones, sizeof(ones)), 0x62a8ab43);
    assert_int_equal(crc32c(0, rising, sizeof(rising)), 0x46dd794e);
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
}

static void test_crc32c__portable_and_fast_agree_at_every_length(void **state)
{
    (void)state;
    unsigned char bytes[100];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof(bytes); n++)
        assert_int_equal(crc32c(7, bytes, n), crc32c_portable(7, bytes, n));
}

static void test_crc32c__continues_from_a_part(void **state)
{
    (void)state;
    uint32_t first = crc32c(0, "12345", 5);
    assert_int_equal(crc32c(first, "6789", 4), 0xe3069283);
}

TEST_MAIN(cmocka_unit_test(test_crc32c__known_vectors),
          cmocka_unit_test(test_crc32c__portable_and_fast_agree_at_every_length),
          cmocka_unit_test(test_crc32c__continues_from_a_part))
