/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/token.h"

#include "auth/secret.h"
#include "support/test.h"

#include <string.h>

static const unsigned char key[TOKEN_KEY_BYTES] = "0123456789abcdef0123456789abcde";

static int start(void **state)
{
    (void)state;
    return secret_init(NULL);
}

static void test_make__parses_back_to_its_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
        struct err e;
        char text[TOKEN_TEXT_BYTES];
        enum token_kind got;
        token_make((enum token_kind)kind, text);
        assert_int_equal(strlen(text), TOKEN_TEXT_CHARS);
        assert_int_equal(text[4], "uphjsm"[kind]);
        ASSERT_OK(token_parse(text, strlen(text), &got, &e), e);
        assert_int_equal(got, kind);

        enum token_kind by_name;
        ASSERT_OK(token_kind_from_name(token_kind_name((enum token_kind)kind), &by_name, &e), e);
        assert_int_equal(by_name, kind);
    }
}

static void test_make__never_repeats(void **state)
{
    (void)state;
    char a[TOKEN_TEXT_BYTES];
    char b[TOKEN_TEXT_BYTES];
    token_make(TOKEN_KIND_USER, a);
    token_make(TOKEN_KIND_USER, b);
    assert_string_not_equal(a, b);
}

static void test_parse__refuses_other_shapes_and_repeats_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "err_u_",
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",   /* one short */
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* one long */
        "err_x_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* no such kind */
        "ERR_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+", /* the other alphabet */
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
        "err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", /* second spelling of A...A */
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err e;
        enum token_kind kind;
        assert_int_equal(token_parse(texts[i], strlen(texts[i]), &kind, &e), ERR_UNAUTHENTICATED);
        assert_string_equal(e.msg, "not a token");
    }
    enum token_kind kind;
    assert_int_equal(
        token_parse("err_u_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 49, &kind, NULL), 0);
}

static void test_hash__depends_on_text_and_key(void **state)
{
    (void)state;
    char text[TOKEN_TEXT_BYTES];
    token_make(TOKEN_KIND_JOIN, text);
    struct token_hash hash = token_hash(key, text, TOKEN_TEXT_CHARS);
    struct token_hash again = token_hash(key, text, TOKEN_TEXT_CHARS);
    assert_true(token_hash_equal(&hash, &again));

    unsigned char other_key[TOKEN_KEY_BYTES] = {1};
    struct token_hash under_other = token_hash(other_key, text, TOKEN_TEXT_CHARS);
    assert_false(token_hash_equal(&hash, &under_other));
    for (size_t i = 0; i < TOKEN_TEXT_CHARS; i++) {
        text[i] ^= 1;
        struct token_hash altered = token_hash(key, text, TOKEN_TEXT_CHARS);
        assert_false(token_hash_equal(&hash, &altered));
        text[i] ^= 1;
    }
}

/* Source: RFC 7693 has no keyed vector of 256 bits; made with Python's hashlib.blake2b. */
static void test_hash__is_keyed_blake2b_256(void **state)
{
    (void)state;
    static const unsigned char expected[TOKEN_HASH_BYTES] = {
        0xdb, 0xa5, 0x26, 0x5c, 0x8a, 0x74, 0xf8, 0x83, 0xef, 0x08, 0x0c,
        0x5d, 0xc2, 0x3c, 0x96, 0xcb, 0x87, 0x23, 0x46, 0x74, 0x60, 0xd3,
        0xcb, 0x7e, 0x08, 0xcc, 0x15, 0x5a, 0xd5, 0x20, 0x39, 0x03};
    struct token_hash hash = token_hash(key, "abc", 3);
    assert_memory_equal(hash.bytes, expected, sizeof(expected));
}

static void test_hash_equal__looks_at_every_byte(void **state)
{
    (void)state;
    struct token_hash a = token_hash(key, "a", 1);
    for (size_t i = 0; i < TOKEN_HASH_BYTES; i++) {
        struct token_hash b = a;
        b.bytes[i] ^= 0x80;
        assert_false(token_hash_equal(&a, &b));
    }
}

static void test_kind_from_name__refuses_others(void **state)
{
    (void)state;
    enum token_kind kind;
    struct err e;
    assert_int_equal(token_kind_from_name("admin", &kind, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make__parses_back_to_its_kind),
        cmocka_unit_test(test_make__never_repeats),
        cmocka_unit_test(test_parse__refuses_other_shapes_and_repeats_none),
        cmocka_unit_test(test_hash__depends_on_text_and_key),
        cmocka_unit_test(test_hash__is_keyed_blake2b_256),
        cmocka_unit_test(test_hash_equal__looks_at_every_byte),
        cmocka_unit_test(test_kind_from_name__refuses_others),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
