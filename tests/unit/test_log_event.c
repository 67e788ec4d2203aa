/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "logs/log_event.h"

#include "support/test.h"

#define TS_US INT64_C(1782989400001999) /* 2026-07-02T10:50:00.001999Z */
#define TS "2026-07-02T10:50:00.001Z"

static struct buf b;

static int set_up(void **state)
{
    (void)state;
    buf_init(&b, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_done(&b);
    return 0;
}

static struct log_item line_of(int64_t id, const char *payload, size_t n)
{
    return (struct log_item){
        .first_id = id,
        .id = id,
        .record = {.ts_us = TS_US, .stream = LOG_STREAM_STDOUT, .payload = payload, .n = n}};
}

static void test_entry__has_text_as_it_was(void **state)
{
    (void)state;
    struct log_item line = line_of(7, "a \"b\"\t\xc3\xbc", 8);
    log_entry_put(&b, &line);
    assert_string_equal(buf_text(&b), "{\"id\":7,\"ts\":\"" TS "\",\"stream\":\"stdout\","
                                      "\"msg\":\"a \\\"b\\\"\\t\xc3\xbc\"}");
}

static void test_entry__has_other_bytes_in_base64(void **state)
{
    (void)state;
    struct log_item line = line_of(7, "\xff\x00\n", 3);
    line.record.stream = LOG_STREAM_STDERR;
    log_entry_put(&b, &line);
    assert_string_equal(buf_text(&b), "{\"id\":7,\"ts\":\"" TS "\",\"stream\":\"stderr\","
                                      "\"msg_base64\":\"/wAK\"}");
}

static void test_entry__marks_a_piece_of_a_line(void **state)
{
    (void)state;
    struct log_item line = line_of(1, "", 0);
    line.record.stream = LOG_STREAM_SYSTEM;
    line.record.flags = LOG_RECORD_PARTIAL;
    log_entry_put(&b, &line);
    assert_string_equal(buf_text(&b), "{\"id\":1,\"ts\":\"" TS "\",\"stream\":\"system\","
                                      "\"msg\":\"\",\"partial\":true}");
}

/* Whatever a container prints, one event stays one event: no line break gets through. */
static void test_line__is_one_event_whatever_it_holds(void **state)
{
    (void)state;
    for (int first = 0; first < 256; first++) {
        char payload[] = {(char)first, '\n', '\r', '\n', (char)first};
        struct log_item line = line_of(first + 1, payload, sizeof(payload));
        buf_clear(&b);
        log_event_put_line(&b, &line);

        const char *text = buf_text(&b);
        char opening[64];
        int n = snprintf(opening, sizeof(opening), "id: %d\nevent: log\ndata: ", first + 1);
        assert_memory_equal(text, opening, (size_t)n);
        assert_int_equal(strlen(text), b.len);
        assert_ptr_equal(strpbrk(text + n, "\r\n"), text + b.len - 2);
        assert_string_equal(text + b.len - 2, "\n\n");

        json_t *entry = json_loadb(text + n, b.len - (size_t)n - 2, JSON_ALLOW_NUL, NULL);
        assert_non_null(entry);
        const json_t *msg = json_object_get(entry, "msg");
        if (first < 128) {
            assert_int_equal(json_string_length(msg), sizeof(payload));
            assert_memory_equal(json_string_value(msg), payload, sizeof(payload));
        } else {
            assert_non_null(json_object_get(entry, "msg_base64"));
        }
        json_decref(entry);
    }
}

static void test_batch__carries_the_last_id(void **state)
{
    (void)state;
    struct log_item lines[] = {line_of(4, "x", 1), line_of(5, "[", 1), line_of(6, "y", 1)};
    log_event_open_batch(&b);
    for (size_t i = 0; i < 3; i++)
        log_event_put_batched(&b, &lines[i]);
    log_event_close_batch(&b, 6);
    assert_string_equal(buf_text(&b),
                        "event: logs\ndata: {\"logs\":["
                        "{\"id\":4,\"ts\":\"" TS "\",\"stream\":\"stdout\",\"msg\":\"x\"},"
                        "{\"id\":5,\"ts\":\"" TS "\",\"stream\":\"stdout\",\"msg\":\"[\"},"
                        "{\"id\":6,\"ts\":\"" TS
                        "\",\"stream\":\"stdout\",\"msg\":\"y\"}]}\nid: 6\n\n");
}

static void test_status__names_the_hypervisor_of_a_running_run(void **state)
{
    (void)state;
    struct log_run run = {.state = RUN_ASSIGNED, .hypervisor = "node \"1\""};
    log_event_put_status(&b, &run, NULL);
    assert_string_equal(buf_text(&b), "event: status\ndata: {\"status\":\"pending\"}\n\n");

    buf_clear(&b);
    run.state = RUN_RUNNING;
    log_event_put_status(&b, &run, NULL);
    assert_string_equal(buf_text(&b), "event: status\ndata: {\"status\":\"running\","
                                      "\"hypervisor\":\"node \\\"1\\\"\"}\n\n");
}

static void test_status__tells_of_the_pull(void **state)
{
    (void)state;
    struct log_run run = {.state = RUN_ASSIGNED};
    struct pull_progress pull = {1, 10, 100};
    log_event_put_status(&b, &run, &pull);
    assert_string_equal(buf_text(&b), "event: status\ndata: {\"status\":\"pending\","
                                      "\"pull\":{\"done_bytes\":10,\"total_bytes\":100}}\n\n");
}

static void test_state__says_how_the_run_ended(void **state)
{
    (void)state;
    struct log_run run = {.state = RUN_FAILED,
                          .reason = TERMINATION_TIMEOUT,
                          .has_exit_code = true,
                          .exit_code = 124,
                          .stored = 9,
                          .end = 9};
    log_event_put_state(&b, &run);
    assert_string_equal(buf_text(&b), "id: end\nevent: state\ndata: {\"status\":\"failed\","
                                      "\"exit_code\":124,\"termination_reason\":\"timeout\","
                                      "\"last_id\":9}\n\n");

    buf_clear(&b);
    run = (struct log_run){.state = RUN_CANCELED, .reason = TERMINATION_CANCELED};
    log_event_put_state(&b, &run);
    assert_string_equal(buf_text(&b), "id: end\nevent: state\ndata: {\"status\":\"canceled\","
                                      "\"exit_code\":null,\"termination_reason\":\"canceled\","
                                      "\"last_id\":0}\n\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_MAIN(TEST(test_entry__has_text_as_it_was), TEST(test_entry__has_other_bytes_in_base64),
          TEST(test_entry__marks_a_piece_of_a_line),
          TEST(test_line__is_one_event_whatever_it_holds), TEST(test_batch__carries_the_last_id),
          TEST(test_status__names_the_hypervisor_of_a_running_run),
          TEST(test_status__tells_of_the_pull), TEST(test_state__says_how_the_run_ended))
