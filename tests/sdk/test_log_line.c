/* SPDX-License-Identifier: Apache-2.0
 *
 * A log entry back to the container's bytes.
 */
#include "support/test.h"

#include "base64.h"
#include "log_line.h"

#include <string.h>

static int decode(const char *json, struct errand_buffer *decoded, errand_log_line *line,
                  json_t **ret_entry)
{
    errand_error error;

    *ret_entry = json_loads(json, JSON_ALLOW_NUL, NULL);
    assert_non_null(*ret_entry);
    errand_buffer_init(decoded, 1024);
    return errand_log_line_decode(*ret_entry, decoded, line, &error);
}

static void expect(const char *json, int64_t id, errand_stream stream, int partial,
                   const char *bytes, size_t n)
{
    struct errand_buffer decoded;
    errand_log_line line;
    json_t *entry;

    assert_int_equal(decode(json, &decoded, &line, &entry), 0);
    assert_int_equal(line.id, id);
    assert_int_equal(line.stream, stream);
    assert_int_equal(line.partial, partial);
    assert_int_equal(line.n_bytes, n);
    assert_memory_equal(line.bytes, bytes, n + 1);
    errand_buffer_done(&decoded);
    json_decref(entry);
}

static void expect_refused(const char *json)
{
    struct errand_buffer decoded;
    errand_log_line line;
    json_t *entry;

    assert_int_equal(decode(json, &decoded, &line, &entry), ERRAND_E_INTERNAL);
    errand_buffer_done(&decoded);
    json_decref(entry);
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

TEST_MAIN(cmocka_unit_test(test_decode__text), cmocka_unit_test(test_decode__base64),
          cmocka_unit_test(test_decode__what_makes_no_sense_is_refused))
