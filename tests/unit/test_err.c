/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "support/test.h"

static void test_err_set__returns_the_code_and_keeps_the_message(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_NOT_FOUND, "no runner %d", 7), ERR_NOT_FOUND);
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_string_equal(e.msg, "no runner 7");
}

static void test_err_set__cuts_what_is_too_long(void **state)
{
    (void)state;
    struct err e = {0};
    char text[1000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)err_set(&e, ERR_INTERNAL, "%s", text);
    assert_int_equal(strlen(e.msg), ERR_MESSAGE_BYTES - 1);
    assert_int_equal(err_wrap(&e, "%s", text), ERR_INTERNAL);
    assert_int_equal(strlen(e.msg), ERR_MESSAGE_BYTES - 1);
}

static void test_err__is_one_line_of_utf8(void **state)
{
    (void)state;
    struct err e = {0};
    (void)err_set(&e, ERR_INVALID, "'%.2s' %s", "\xc3\xa9\xc3\xa9", "a\nb\xff");
    assert_string_equal(e.msg, "'\xc3\xa9' a b?");
    (void)err_set(&e, ERR_INVALID, "'%.3s'", "\xc3\xa9\xc3\xa9");
    assert_string_equal(e.msg, "'\xc3\xa9?'");
    (void)err_wrap(&e, "%.4s", "\xf0\x9f\x98\x80");
    assert_string_equal(e.msg, "\xf0\x9f\x98\x80: '\xc3\xa9?'");
    (void)err_errno(&e, ENOENT, "open a\tb\x80");
    assert_string_equal(e.msg, "open a b?: No such file or directory");
}

static void test_err_errno__maps_and_appends(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_errno(&e, ENOENT, "open %s", "/x"), ERR_NOT_FOUND);
    assert_string_equal(e.msg, "open /x: No such file or directory");
    assert_int_equal(err_errno(&e, EACCES, "a"), ERR_DENIED);
    assert_int_equal(err_errno(&e, ENOSPC, "a"), ERR_LIMIT);
    assert_int_equal(err_errno(&e, ECONNREFUSED, "a"), ERR_UNAVAILABLE);
    assert_int_equal(err_errno(&e, EINVAL, "a"), ERR_INTERNAL);
}

static void test_err_wrap__puts_the_outer_first(void **state)
{
    (void)state;
    struct err e = {0};
    (void)err_set(&e, ERR_LIMIT, "disk full");
    assert_int_equal(err_wrap(&e, "pull %s", "image"), ERR_LIMIT);
    assert_string_equal(e.msg, "pull image: disk full");
}

static void test_err__null_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_DENIED, "x"), ERR_DENIED);
    assert_int_equal(err_errno(NULL, ENOENT, "x"), ERR_NOT_FOUND);
}

static void test_err_wire_name__covers_the_table(void **state)
{
    (void)state;
    assert_string_equal(err_wire_name(ERR_OK), "ok");
    assert_string_equal(err_wire_name(ERR_UNCERTAIN), "uncertain");
    assert_int_equal(err_http_status(ERR_LIMIT), 429);
    assert_int_equal(err_http_status(ERR_OK), 200);
    assert_int_equal(err_http_status((enum err_code) - 99), 500);
}

TEST_MAIN(cmocka_unit_test(test_err_set__returns_the_code_and_keeps_the_message),
          cmocka_unit_test(test_err_set__cuts_what_is_too_long),
          cmocka_unit_test(test_err__is_one_line_of_utf8),
          cmocka_unit_test(test_err_errno__maps_and_appends),
          cmocka_unit_test(test_err_wrap__puts_the_outer_first),
          cmocka_unit_test(test_err__null_is_allowed),
          cmocka_unit_test(test_err_wire_name__covers_the_table))
