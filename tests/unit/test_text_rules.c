/* SPDX-License-Identifier: Apache-2.0 */
#include "http/text_rules.h"

#include "support/test.h"

#include <stdbool.h>
#include <string.h>

#include "base/defer.h"

struct sample {
    const char *text;
    bool is_fine;
};

static void check(const char *(*rule)(const char *text), const struct sample *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *broken = rule(samples[i].text);
        if ((broken == NULL) != samples[i].is_fine)
            fail_msg("'%s': %s", samples[i].text, broken != NULL ? broken : "taken");
    }
}

#define CHECK(rule, ...)                                                                           \
    do {                                                                                           \
        static const struct sample samples[] = {__VA_ARGS__};                                      \
        check(rule, samples, ARRAY_LEN(samples));                                                  \
    } while (0)

static void test_image_name(void **state)
{
    (void)state;
    CHECK(text_rule_image_name, {"a", true}, {"a/b", true}, {"docker.io/library/busybox", true},
          {"localhost:5000/x", true}, {"h.test:1/a-b/c__d/e.f", true}, {"a---b", true},
          {"HOST.example/x", true}, {"1/2", true}, {"h-1.x:65535/a", true}, {"", false},
          {"A", false}, {"a:tag", false}, {"a:5000", false}, {"a@sha256:00", false},
          {"a//b", false}, {"/a", false}, {"a/", false}, {"a b", false}, {"a_-b", false},
          {"a___b", false}, {"a..b", false}, {"-a", false}, {"a-", false}, {"a.", false},
          {"\xc3\xa4", false}, {"http://a/b", false}, {"../a", false}, {"h:/a", false},
          {"h:123456/a", false}, {".h/A", false}, {"h./a", false}, {"H", false}, {"h:5000", false},
          {"a/B", false}, {"h:1:2/a", false}, {"h:x/a", false}, {"HOST/x", false},
          {"a_b.c/x", false}, {"localhost/x", true}, {"local/x", true});
}

static void test_image_tag(void **state)
{
    (void)state;
    CHECK(text_rule_image_tag, {"a", true}, {"_", true}, {"A.b-c_1", true}, {".a", false},
          {"-a", false}, {"a b", false}, {"a:b", false}, {"\xc3\xa4", false});
}

static void test_image_digest(void **state)
{
    (void)state;
#define HEX63 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
    CHECK(text_rule_image_digest, {"sha256:" HEX63 "f", true}, {"sha256:" HEX63, false},
          {"sha256:" HEX63 "ff", false}, {"sha256:" HEX63 "F", false}, {"sha512:" HEX63 "f", false},
          {HEX63 "f", false}, {"", false});
}

static void test_user(void **state)
{
    (void)state;
    CHECK(text_rule_user, {"0", true}, {"1000:1000", true}, {"999999999:999999999", true},
          {"", false}, {"root", false}, {"1:", false}, {":1", false}, {"-1", false},
          {"1:2:3", false}, {" 1", false}, {"1234567890", false}, {"1:1234567890", false},
          {"1x", false}, {"1:2x", false});
}

static void test_env_key(void **state)
{
    (void)state;
    CHECK(text_rule_env_key, {"A", true}, {"_a1", true}, {"PATH", true}, {"", false}, {"1A", false},
          {"A-B", false}, {"A B", false}, {"A=B", false}, {"\xc3\x84", false});
}

static void test_one_line(void **state)
{
    (void)state;
    CHECK(text_rule_one_line, {"a b", true}, {"\xc3\xa4\xe2\x98\x83", true}, {"a\nb", false},
          {"\x7f", false}, {"\x1b[0m", false}, {"\t", false});
}

TEST_MAIN(cmocka_unit_test(test_image_name), cmocka_unit_test(test_image_tag),
          cmocka_unit_test(test_image_digest), cmocka_unit_test(test_user),
          cmocka_unit_test(test_env_key), cmocka_unit_test(test_one_line))
