/* SPDX-License-Identifier: Apache-2.0
 *
 * A log entry back to the container's bytes.
 */
#include "support/test.h"

#include "log_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy that can be written to, no byte longer than it must be, so that a sanitizer sees a step
 * outside. */
static struct errand_json open_json(const char *text, char **ret_copy)
{
    size_t n = strlen(text);
    struct errand_json json;

    *ret_copy = malloc(n + 1);
    assert_non_null(*ret_copy);
    memcpy(*ret_copy, text, n + 1);
    json.at = *ret_copy;
    json.end = *ret_copy + n;
    return json;
}

static void expect(const char *text, int64_t id, errand_stream stream, int partial,
                   const char *bytes, size_t n)
{
    struct errand_log_entry entry;
    errand_error error;
    char *copy;
    struct errand_json json = open_json(text, &copy);

    assert_int_equal(errand_log_entry_read(&json, &entry, &error), 0);
    assert_int_equal(entry.line.id, id);
    assert_int_equal(entry.line.stream, stream);
    assert_int_equal(entry.line.partial, partial);
    assert_int_equal(entry.line.n_bytes, n);
    assert_memory_equal(entry.line.bytes, bytes, n + 1);
    free(copy);
}

static void expect_refused(const char *text)
{
    struct errand_log_entry entry;
    errand_error error;
    char *copy;
    struct errand_json json = open_json(text, &copy);

    assert_int_equal(errand_log_entry_read(&json, &entry, &error), ERRAND_E_INTERNAL);
    free(copy);
}

static void test_decode__text(void **state)
{
    (void)state;
    expect("{\"id\":1,\"ts\":\"t\",\"stream\":\"stdout\",\"msg\":\"hello\"}", 1,
           ERRAND_STREAM_STDOUT, 0, "hello", 5);
    expect("{\"id\":2,\"ts\":\"t\",\"stream\":\"stderr\",\"msg\":\"\"}", 2, ERRAND_STREAM_STDERR, 0,
           "", 0);
    expect("{\"id\":3,\"ts\":\"t\",\"stream\":\"system\",\"msg\":\"a\\u0000b\"}", 3,
           ERRAND_STREAM_SYSTEM, 0, "a\0b", 3);
    expect("{\"id\":9007199254740991,\"stream\":\"stdout\",\"msg\":\"x\",\"partial\":true}",
           9007199254740991, ERRAND_STREAM_STDOUT, 1, "x", 1);
}

static void test_decode__base64(void **state)
{
    (void)state;
    expect("{\"id\":1,\"stream\":\"stdout\",\"msg_base64\":\"\"}", 1, ERRAND_STREAM_STDOUT, 0, "",
           0);
    expect("{\"id\":1,\"stream\":\"stdout\",\"msg_base64\":\"/w==\"}", 1, ERRAND_STREAM_STDOUT, 0,
           "\xff", 1);
    expect("{\"id\":1,\"stream\":\"stdout\",\"msg_base64\":\"/wD+\"}", 1, ERRAND_STREAM_STDOUT, 0,
           "\xff\0\xfe", 3);
    expect("{\"id\":1,\"stream\":\"stdout\",\"msg_base64\":\"+++/AAE=\"}", 1, ERRAND_STREAM_STDOUT,
           0, "\xfb\xef\xbf\0\1", 5);
}

static void test_decode__what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    expect_refused("{}");
    expect_refused("{\"id\":0,\"msg\":\"x\"}");
    expect_refused("{\"id\":\"1\",\"msg\":\"x\"}");
    expect_refused("{\"id\":1}");
    expect_refused("{\"id\":1,\"msg\":5}");
    expect_refused("{\"id\":1,\"msg_base64\":\"abc\"}");
    expect_refused("{\"id\":1,\"msg_base64\":\"ab=c\"}");
    expect_refused("{\"id\":1,\"msg_base64\":\"a===\"}");
    expect_refused("{\"id\":1,\"msg_base64\":\"====\"}");
    expect_refused("{\"id\":1,\"msg_base64\":\"AA==AA==\"}");
    expect_refused("{\"id\":1,\"msg_base64\":\"ab c\"}");
}

static void test_decode__escapes(void **state)
{
    (void)state;
    expect("{\"id\":1,\"msg\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", 1, ERRAND_STREAM_SYSTEM, 0,
           "\"\\/\b\f\n\r\t", 8);
    expect("{\"id\":1,\"msg\":\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00.\"}", 1, ERRAND_STREAM_SYSTEM,
           0, "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.", 11);
    expect("{\"id\":1,\"msg\":\"caf\xc3\xa9\"}", 1, ERRAND_STREAM_SYSTEM, 0, "caf\xc3\xa9", 5);
    expect_refused("{\"id\":1,\"msg\":\"\\x\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\u12\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\u12g4\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\ud83d\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\ude00\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\ud83d\\u0041\"}");
    expect_refused("{\"id\":1,\"msg\":\"\\");
    expect_refused("{\"id\":1,\"msg\":\"\\\"");
}

static void test_decode__fields_it_does_not_know(void **state)
{
    (void)state;
    expect(" { \"new\" : {\"a\":[1,2,{\"}\":\"]\\\"\"}],\"id\":7} , \"id\" : 5 "
           ",\"x\":null,\"msg\":\"m\","
           "\"y\":-1.5e3,\"partial\":false}",
           5, ERRAND_STREAM_SYSTEM, 0, "m", 1);
    expect("{\"id\":9,\"msg\":\"m\",\"stream\":\"newer\",\"gap\":{\"reason\":\"lost\",\"first_id\":"
           "4}}",
           9, ERRAND_STREAM_SYSTEM, 0, "m", 1);
    expect_refused("{\"id\":5,\"msg\":\"m\",\"x\":}");
    expect_refused("{\"id\":5,\"msg\":\"m\",\"x\":[1,{}");
    expect_refused("{\"id\":5,\"msg\":\"m\",\"x\":\"");
    expect_refused("{\"id\":5 \"msg\":\"m\"}");
    expect_refused("{\"id\":99999999999999999999,\"msg\":\"m\"}");
    expect_refused("{\"id\":1.5,\"msg\":\"m\"}");
}

struct seen {
    int64_t ids;
    int count;
    int stop_at;
};

static int on_entry(const struct errand_log_entry *entry, void *user)
{
    struct seen *seen = user;

    seen->ids = seen->ids * 10 + entry->line.id;
    return ++seen->count == seen->stop_at ? 7 : 0;
}

static int read_list(const char *text, struct seen *seen, char meta[64])
{
    errand_error error;
    char *copy;
    struct errand_json json = open_json(text, &copy);
    struct errand_json rest = {NULL, NULL};
    int r = errand_log_entries_read(&json, on_entry, seen, &rest, &error);

    (void)snprintf(meta, 64, "%.*s", rest.at == NULL ? 0 : (int)(rest.end - rest.at),
                   rest.at == NULL ? "" : rest.at);
    free(copy);
    return r;
}

static void test_read__a_list(void **state)
{
    struct seen seen = {0};
    char meta[64];

    (void)state;
    assert_int_equal(read_list("{\"logs\":[{\"id\":1,\"msg\":\"a\"},{\"id\":2,\"msg\":\"b\"}],"
                               "\"meta\":{\"last_id\":2}}",
                               &seen, meta),
                     0);
    assert_int_equal(seen.ids, 12);
    assert_string_equal(meta, "{\"last_id\":2}");
    seen = (struct seen){0};
    assert_int_equal(read_list("{\"meta\":null,\"logs\":[ ]}", &seen, meta), 0);
    assert_int_equal(seen.count, 0);
    seen = (struct seen){.stop_at = 1};
    assert_int_equal(read_list("{\"logs\":[{\"id\":1,\"msg\":\"a\"},{\"id\":", &seen, meta), 7);
    assert_int_equal(seen.ids, 1);
}

static void test_read__what_is_no_list(void **state)
{
    struct seen seen = {0};
    char meta[64];

    (void)state;
    assert_int_equal(read_list("{}", &seen, meta), ERRAND_E_INTERNAL);
    assert_int_equal(read_list("[]", &seen, meta), ERRAND_E_INTERNAL);
    assert_int_equal(read_list("{\"logs\":{}}", &seen, meta), ERRAND_E_INTERNAL);
    assert_int_equal(read_list("{\"logs\":[]} x", &seen, meta), ERRAND_E_INTERNAL);
    assert_int_equal(read_list("{\"logs\":[{\"id\":1,\"msg\":\"a\"}", &seen, meta),
                     ERRAND_E_INTERNAL);
    assert_int_equal(seen.ids, 1); /* what came whole was handed on */
}

TEST_MAIN(cmocka_unit_test(test_decode__text), cmocka_unit_test(test_decode__base64),
          cmocka_unit_test(test_decode__what_makes_no_sense_is_refused),
          cmocka_unit_test(test_decode__escapes),
          cmocka_unit_test(test_decode__fields_it_does_not_know),
          cmocka_unit_test(test_read__a_list), cmocka_unit_test(test_read__what_is_no_list))
