/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "images/reference.h"
#include "images/registry.h"

#include <string.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_parse__knows_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *spelled;
    } forms[] = {
        {"alpine", "docker.io/library/alpine:latest"},
        {"alpine:3.19", "docker.io/library/alpine:3.19"},
        {"grafana/loki", "docker.io/grafana/loki:latest"},
        {"docker.io/alpine", "docker.io/library/alpine:latest"},
        {"ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"},
        {"localhost/x", "localhost/x:latest"},
        {"127.0.0.1:5000/x:1", "127.0.0.1:5000/x:1"},
        {"[::1]:5000/x", "[::1]:5000/x:latest"},
        {"host:5000/x@sha256:" HEX64, "host:5000/x@sha256:" HEX64},
        {"host:5000/x:1@sha256:" HEX64, "host:5000/x@sha256:" HEX64},
        {"a__b/c-d--e.f_g", "docker.io/a__b/c-d--e.f_g:latest"},
        {"x:A_b.C-1", "docker.io/library/x:A_b.C-1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        CLEANUP(image_reference_done) struct image_reference ref = {0};
        struct err e;
        ASSERT_OK(image_reference_parse(forms[i].text, NULL, &ref, &e), e);
        CLEANUP(freep) char *spelled = image_reference_format(&ref);
        assert_string_equal(spelled, forms[i].spelled);
    }
}

static void test_parse__what_it_spells_it_reads(void **state)
{
    (void)state;
    CLEANUP(image_reference_done) struct image_reference ref = {0};
    CLEANUP(image_reference_done) struct image_reference again = {0};
    struct err e;
    ASSERT_OK(image_reference_parse("alpine", NULL, &ref, &e), e);
    CLEANUP(freep) char *spelled = image_reference_format(&ref);
    ASSERT_OK(image_reference_parse(spelled, NULL, &again, &e), e);
    assert_string_equal(again.name, "library/alpine");
    assert_string_equal(again.tag, "latest");
}

static void test_parse__reads_the_longest_again(void **state)
{
    (void)state;
    CLEANUP(image_reference_done) struct image_reference ref = {0};
    CLEANUP(image_reference_done) struct image_reference again = {0};
    struct err e;
    char name[257];
    memset(name, 'a', sizeof(name) - 1);
    name[256] = '\0';
    assert_int_equal(image_reference_parse(name, NULL, &ref, &e), ERR_INVALID);
    name[255] = '\0';
    ASSERT_OK(image_reference_parse(name, NULL, &ref, &e), e);
    CLEANUP(freep) char *spelled = image_reference_format(&ref);
    ASSERT_OK(image_reference_parse(spelled, NULL, &again, &e), e);
}

static void test_parse__a_pin_replaces_tag_and_digest(void **state)
{
    (void)state;
    CLEANUP(image_reference_done) struct image_reference ref = {0};
    struct err e;
    ASSERT_OK(image_reference_parse("host:1/x:tag", "sha256:" HEX64, &ref, &e), e);
    assert_null(ref.tag);
    assert_string_equal(image_reference_version(&ref), "sha256:" HEX64);
}

static void test_parse__refuses_what_is_no_reference(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Alpine",
        "x:",
        "x:.a",
        "x: y",
        "host:5000/",
        "host:5000/x//y",
        "host:5000/../x",
        "host:5000/x/..",
        "x@sha256:abc",
        "x@md5:" HEX64,
        "x@sha256:" HEX64 "0",
        "-x",
        "x-",
        "a___b",
        "a..b",
        "a b",
        "ho st.x/y",
        "http://x/y",
        "x?y",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct image_reference ref;
        struct err e;
        if (image_reference_parse(bad[i], NULL, &ref, &e) != ERR_INVALID)
            fail_msg("accepted '%s'", bad[i]);
    }
    char longest[1024];
    struct image_reference ref;
    struct err e;
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(image_reference_parse(longest, NULL, &ref, &e), ERR_INVALID);
    longest[300] = '\0';
    assert_int_equal(image_reference_parse(longest, NULL, &ref, &e), ERR_INVALID);
}

static void test_loopback__is_only_this_machine(void **state)
{
    (void)state;
    assert_true(registry_host_is_loopback("127.0.0.1:5000"));
    assert_true(registry_host_is_loopback("127.1.2.3"));
    assert_true(registry_host_is_loopback("localhost:1"));
    assert_true(registry_host_is_loopback("[::1]:5000"));
    assert_false(registry_host_is_loopback("127.0.0.1.example.com"));
    assert_false(registry_host_is_loopback("localhost.example.com:5000"));
    assert_false(registry_host_is_loopback("10.0.0.1:5000"));
    assert_false(registry_host_is_loopback("docker.io"));
}

TEST_MAIN(cmocka_unit_test(test_parse__knows_every_form),
          cmocka_unit_test(test_parse__what_it_spells_it_reads),
          cmocka_unit_test(test_parse__reads_the_longest_again),
          cmocka_unit_test(test_parse__a_pin_replaces_tag_and_digest),
          cmocka_unit_test(test_parse__refuses_what_is_no_reference),
          cmocka_unit_test(test_loopback__is_only_this_machine))
