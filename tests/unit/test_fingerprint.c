/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth/fingerprint.h"
#include "support/test.h"

static void hash_of(const char *a, const char *b, unsigned char *ret_hash)
{
    const struct fingerprint_part parts[] = {{a, strlen(a)}, {b, strlen(b)}};
    fingerprint(parts, 2, ret_hash);
}

static void test_fingerprint__tells_sequences_apart(void **state)
{
    static const char *const others[][2] = {{"a", "bc"}, {"abc", ""}, {"", "abc"}, {"ab", "d"}};

    (void)state;
    unsigned char one[FINGERPRINT_BYTES];
    unsigned char two[FINGERPRINT_BYTES];
    hash_of("ab", "c", one);
    hash_of("ab", "c", two);
    assert_memory_equal(one, two, sizeof(one));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        hash_of(others[i][0], others[i][1], two);
        assert_memory_not_equal(one, two, sizeof(one));
    }
}

TEST_MAIN(cmocka_unit_test(test_fingerprint__tells_sequences_apart))
