/* SPDX-License-Identifier: Apache-2.0
 *
 * Base addresses and paths.
 */
#include "support/test.h"

#include "url.h"

#include <stdlib.h>
#include <string.h>

static void expect_base(const char *url, const char *base)
{
    errand_error error;
    char *got = NULL;

    assert_int_equal(errand_url_base(url, NULL, &got, &error), 0);
    assert_string_equal(got, base);
    free(got);
}

static void expect_refused(const char *url)
{
    errand_error error;
    char *got = NULL;

    assert_int_equal(errand_url_base(url, NULL, &got, &error), ERRAND_E_INVALID);
    assert_int_equal(error.code, ERRAND_E_INVALID);
    assert_null(got);
}

static void test_base__slashes_at_the_end_go(void **state)
{
    (void)state;
    expect_base("http://127.0.0.1:8080", "http://127.0.0.1:8080");
    expect_base("https://errand.example.org/", "https://errand.example.org");
    expect_base("http://h/below//", "http://h/below");
    expect_base("http://[::1]:8080", "http://[::1]:8080");
}

static void test_base__what_is_no_server_is_refused(void **state)
{
    (void)state;
    expect_refused(NULL);
    expect_refused("");
    expect_refused("127.0.0.1:8080");
    expect_refused("ftp://host");
    expect_refused("file:///etc/passwd");
    expect_refused("http://");
    expect_refused("http:///x");
    expect_refused("http://:80");
    expect_refused("http://host/?q");
    expect_refused("http://host/#f");
    expect_refused("http://user@host");
    expect_refused("http://ho st");
    expect_refused("http://host\r\nX: y");
}

static void expect_path(const char *segment, const char *wanted)
{
    struct errand_buffer path;
    errand_error error;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    assert_int_equal(errand_path_add(&path, &error, "/v1/runs/{}/stop", segment), 0);
    assert_string_equal(path.bytes, wanted);
    errand_buffer_done(&path);
}

static void test_path__a_segment_cannot_leave_its_place(void **state)
{
    (void)state;
    expect_path("01a-b_c.d~", "/v1/runs/01a-b_c.d~/stop");
    expect_path("../x", "/v1/runs/..%2Fx/stop");
    expect_path("a?b#c%d", "/v1/runs/a%3Fb%23c%25d/stop");
    expect_path("\xc3\xa9\n ", "/v1/runs/%C3%A9%0A%20/stop");
}

static void test_path__a_missing_segment_is_refused(void **state)
{
    static const char *const wrong[] = {NULL, "", ".", ".."};
    struct errand_buffer path;
    errand_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        errand_buffer_init(&path, ERRAND_PATH_LIMIT);
        assert_int_equal(errand_path_add(&path, &error, "/v1/runs/{}", wrong[i]), ERRAND_E_INVALID);
        errand_buffer_done(&path);
    }
}

static void test_path__two_segments_and_a_query(void **state)
{
    struct errand_buffer path;
    errand_error error;

    (void)state;
    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    assert_int_equal(errand_path_add(&path, &error, "/v1/runners/{}/runs/{}", "a", "b"), 0);
    errand_path_add_query(&path, "after_id", 9007199254740991);
    errand_path_add_query(&path, "limit", 2);
    assert_string_equal(path.bytes, "/v1/runners/a/runs/b?after_id=9007199254740991&limit=2");
    errand_buffer_done(&path);
}

static void test_path__too_long_is_refused(void **state)
{
    static char segment[ERRAND_PATH_LIMIT + 1];
    struct errand_buffer path;
    errand_error error;

    (void)state;
    memset(segment, 'a', sizeof(segment) - 1);
    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    assert_int_equal(errand_path_add(&path, &error, "/v1/runs/{}", segment), ERRAND_E_INVALID);
    errand_buffer_done(&path);
}

TEST_MAIN(cmocka_unit_test(test_base__slashes_at_the_end_go),
          cmocka_unit_test(test_base__what_is_no_server_is_refused),
          cmocka_unit_test(test_path__a_segment_cannot_leave_its_place),
          cmocka_unit_test(test_path__a_missing_segment_is_refused),
          cmocka_unit_test(test_path__two_segments_and_a_query),
          cmocka_unit_test(test_path__too_long_is_refused))
