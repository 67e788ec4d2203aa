/* SPDX-License-Identifier: Apache-2.0
 *
 * The SDK's codes and names beside the servers' one table, and the version beside the build's.
 */
#include "support/test.h"

#include "base/err.h"
#include "failure.h"

#include <errand/errand.h>

#include <string.h>

static void test_codes__are_those_of_the_servers(void **state)
{
    int n = 0;

    (void)state;
#define SAME(name, value, http, wire)                                                              \
    assert_int_equal(ERRAND_E_##name, value);                                                      \
    assert_string_equal(errand_error_name(value), wire);                                           \
    assert_int_equal(errand_code_from_name(wire), value);                                          \
    n++;
    ERR_TABLE(SAME)
#undef SAME
    assert_int_equal(n, 9);
    assert_string_equal(errand_error_name(-n - 1), "internal");
    assert_string_equal(errand_error_name(0), "ok");
    assert_int_equal(errand_code_from_name("ok"), ERRAND_OK);
    assert_int_equal(errand_code_from_name(""), ERRAND_OK);
}

static void test_code_from_status__agrees_with_the_servers(void **state)
{
    (void)state;
#define SAME(name, value, http, wire)                                                              \
    if (ERRAND_E_##name != ERRAND_E_UNCERTAIN)                                                     \
        assert_int_equal(errand_code_from_status(http, 0), value);
    ERR_TABLE(SAME)
#undef SAME
    assert_int_equal(errand_code_from_status(502, 0), ERRAND_E_UNAVAILABLE);
    assert_int_equal(errand_code_from_status(504, 1), ERRAND_E_UNCERTAIN);
    assert_int_equal(errand_code_from_status(413, 1), ERRAND_E_LIMIT);
    assert_int_equal(errand_code_from_status(418, 0), ERRAND_E_INVALID);
    assert_int_equal(errand_code_from_status(302, 0), ERRAND_E_INTERNAL);
}

static void test_fail__cuts_a_long_message(void **state)
{
    char text[2 * ERRAND_MESSAGE_BYTES];
    errand_error error;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(errand_fail(&error, ERRAND_E_LIMIT, "%s", text), ERRAND_E_LIMIT);
    assert_int_equal(strlen(error.message), ERRAND_MESSAGE_BYTES - 1);
    assert_int_equal(errand_fail(NULL, ERRAND_E_LIMIT, "no error is fine"), ERRAND_E_LIMIT);
}

/* A program compiled against an older library has a shorter struct, one against a newer a longer.
 */
struct options {
    size_t struct_size;
    int a;
    int b;
};

static void test_options_copy__takes_what_both_know(void **state)
{
    struct options theirs = {offsetof(struct options, b), 1, 2};
    struct options ours = {0, 8, 9};
    errand_error error;

    (void)state;
    assert_int_equal(errand_options_copy(&ours, sizeof(ours), &theirs, &error), 0);
    assert_int_equal(ours.a, 1);
    assert_int_equal(ours.b, 9);
    assert_int_equal(ours.struct_size, sizeof(ours));
    theirs.struct_size = 0;
    assert_int_equal(errand_options_copy(&ours, sizeof(ours), &theirs, &error), ERRAND_E_INVALID);
}

static void test_version__is_the_build_s(void **state)
{
    (void)state;
    assert_string_equal(ERRAND_VERSION, ERRAND_VERSION_TEXT);
    assert_string_equal(errand_version(), ERRAND_VERSION);
}

TEST_MAIN(cmocka_unit_test(test_codes__are_those_of_the_servers),
          cmocka_unit_test(test_code_from_status__agrees_with_the_servers),
          cmocka_unit_test(test_fail__cuts_a_long_message),
          cmocka_unit_test(test_options_copy__takes_what_both_know),
          cmocka_unit_test(test_version__is_the_build_s))
