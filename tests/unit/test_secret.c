/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/secret.h"

#include "support/test.h"

#include <string.h>

static int start(void **state)
{
    (void)state;
    return secret_init(NULL);
}

static void test_new__is_zeroed(void **state)
{
    (void)state;
    static const unsigned char zeros[100];
    CLEANUP(secret_freep) struct secret *s = secret_new(sizeof(zeros));
    assert_non_null(s);
    assert_int_equal(secret_len(s), sizeof(zeros));
    assert_memory_equal(secret_bytes(s), zeros, sizeof(zeros));
}

static void test_copy__holds_bytes_with_nul(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *s = secret_copy("a\0b", 3);
    assert_non_null(s);
    assert_int_equal(secret_len(s), 3);
    assert_memory_equal(secret_bytes(s), "a\0b", 3);
}

static void test_new__may_be_empty(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *a = secret_new(0);
    CLEANUP(secret_freep) struct secret *b = secret_copy(NULL, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(secret_equal(a, b));
}

static void test_equal__compares_length_and_every_byte(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *a = secret_random(32);
    CLEANUP(secret_freep) struct secret *b = secret_copy(secret_bytes(a), 32);
    CLEANUP(secret_freep) struct secret *shorter = secret_copy(secret_bytes(a), 31);
    assert_true(secret_equal(a, b));
    assert_false(secret_equal(a, shorter));
    for (size_t i = 0; i < 32; i++) {
        secret_bytes_mut(b)[i] ^= 1;
        assert_false(secret_equal(a, b));
        secret_bytes_mut(b)[i] ^= 1;
    }
}

static void test_random__differs(void **state)
{
    (void)state;
    CLEANUP(secret_freep) struct secret *a = secret_random(32);
    CLEANUP(secret_freep) struct secret *b = secret_random(32);
    assert_false(secret_equal(a, b));
}

static void test_wipe__zeroes(void **state)
{
    (void)state;
    char text[] = "hunter2";
    secret_wipe(text, sizeof(text));
    assert_memory_equal(text, "\0\0\0\0\0\0\0\0", 8);
    secret_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new__is_zeroed),
        cmocka_unit_test(test_copy__holds_bytes_with_nul),
        cmocka_unit_test(test_new__may_be_empty),
        cmocka_unit_test(test_equal__compares_length_and_every_byte),
        cmocka_unit_test(test_random__differs),
        cmocka_unit_test(test_wipe__zeroes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
