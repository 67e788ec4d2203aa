/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sse.h"

#include "support/test.h"

static struct buf b;

static int set_up(void **state)
{
    (void)state;
    buf_init(&b, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&b);
    return 0;
}

static void test_retry__is_a_field_of_its_own(void **state)
{
    (void)state;
    sse_put_retry(&b, 1000);
    assert_string_equal(buf_text(&b), "retry: 1000\n\n");
}

static void test_comment__begins_with_a_colon(void **state)
{
    (void)state;
    sse_put_comment(&b, "keepalive");
    assert_string_equal(buf_text(&b), ": keepalive\n\n");
}

static void test_event__has_its_id_first(void **state)
{
    (void)state;
    sse_begin(&b, "4711", "log");
    buf_add_text(&b, "{}");
    sse_end(&b);
    sse_begin_numbered(&b, 4711, "log");
    buf_add_text(&b, "{}");
    sse_end(&b);
    assert_string_equal(buf_text(&b), "id: 4711\nevent: log\ndata: {}\n\n"
                                      "id: 4711\nevent: log\ndata: {}\n\n");
}

static void test_event__may_have_no_id(void **state)
{
    (void)state;
    sse_begin(&b, NULL, "status");
    buf_add_text(&b, "{}");
    sse_end(&b);
    assert_string_equal(buf_text(&b), "event: status\ndata: {}\n\n");
}

static void test_event__may_have_its_id_last(void **state)
{
    (void)state;
    sse_begin(&b, NULL, "logs");
    buf_add_text(&b, "{}");
    sse_end_with_id(&b, "9");
    assert_string_equal(buf_text(&b), "event: logs\ndata: {}\nid: 9\n\n");
}

TEST_MAIN(cmocka_unit_test_setup_teardown(test_retry__is_a_field_of_its_own, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_comment__begins_with_a_colon, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_event__has_its_id_first, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_event__may_have_no_id, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_event__may_have_its_id_last, set_up, tear_down))
