/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/limits.h"
#include "wire/agent_event.h"
#include "wire/agent_result.h"

#include <string.h>

static void put_request(struct buf *b, const struct agent_event *events, size_t n)
{
    buf_add_text(b, "{\"events\":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(b, ',');
        agent_event_put(b, &events[i]);
    }
    buf_add_text(b, "]}");
    assert_true(buf_ok(b));
}

static void test_events__come_back_as_they_were_put(void **state)
{
    (void)state;
    struct id run = id_new();
    const struct agent_event events[] = {
        {.seq = 1,
         .type = AGENT_EVENT_HEARTBEAT,
         .heartbeat = {.mem_total_mb = 4096,
                       .mem_free_mb = 1024,
                       .disk_free_bytes = INT64_C(1) << 40,
                       .runs = 3,
                       .images_cached = 2}},
        {.seq = 2,
         .type = AGENT_EVENT_PULLING,
         .run_id = run,
         .attempt = 1,
         .pulling = {.done_bytes = 5, .total_bytes = 10}},
        {.seq = 3,
         .type = AGENT_EVENT_STARTED,
         .run_id = run,
         .attempt = 1,
         .started = {.at_us = INT64_C(1767323045123456),
                     .image_digest = "sha256:00",
                     .pull_ms = 12,
                     .start_ms = 9}},
        {.seq = INT64_MAX,
         .type = AGENT_EVENT_FINISHED,
         .run_id = run,
         .attempt = 2,
         .finished = {.at_us = INT64_C(1767323046000000),
                      .has_exit_code = true,
                      .exit_code = 137,
                      .reason = "oom_killed",
                      .message = "memory limit of 64 MiB exceeded",
                      .last_line = 100000,
                      .log_bytes = 1 << 30,
                      .log_truncated = true,
                      .cpu_ms = 77,
                      .memory_peak_bytes = 1 << 26,
                      .io_read_bytes = 4096,
                      .io_write_bytes = 8192,
                      .oom_killed = true}},
        {.seq = 5,
         .type = AGENT_EVENT_WARMED,
         .run_id = run,
         .warmed = {.message = "no such image"}},
        {.seq = 9,
         .type = AGENT_EVENT_USAGE,
         .run_id = run,
         .attempt = 2,
         .usage = {.at_us = INT64_C(1766000000123000),
                   .cpu_ms = 1,
                   .memory_bytes = 2,
                   .io_read_bytes = 3,
                   .io_write_bytes = 4,
                   .processes = 5}},
    };
    CLEANUP(buf_done) struct buf b;
    CLEANUP(agent_event_list_done) struct agent_event_list list = {0};
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    put_request(&b, events, ARRAY_LEN(events));
    ASSERT_OK(agent_event_list_parse(b.data, b.len, &list, &e), e);

    assert_int_equal(list.n, 6);
    assert_true(id_equal(list.items[4].run_id, run));
    assert_null(list.items[4].warmed.image_digest);
    assert_string_equal(list.items[4].warmed.message, "no such image");
    assert_int_equal(list.items[0].type, AGENT_EVENT_HEARTBEAT);
    assert_memory_equal(&list.items[0].heartbeat, &events[0].heartbeat,
                        sizeof(events[0].heartbeat));
    assert_int_equal(list.items[1].pulling.done_bytes, 5);
    assert_int_equal(list.items[1].pulling.total_bytes, 10);
    assert_true(id_equal(list.items[2].run_id, run));
    assert_int_equal(list.items[2].started.at_us, events[2].started.at_us);
    assert_string_equal(list.items[2].started.image_digest, "sha256:00");
    assert_int_equal(list.items[2].started.pull_ms, 12);
    assert_int_equal(list.items[2].started.start_ms, 9);

    const struct agent_finished *f = &list.items[3].finished;
    assert_int_equal(list.items[3].seq, INT64_MAX);
    assert_int_equal(list.items[3].attempt, 2);
    assert_true(f->has_exit_code);
    assert_int_equal(f->exit_code, 137);
    assert_string_equal(f->reason, "oom_killed");
    assert_string_equal(f->message, "memory limit of 64 MiB exceeded");
    assert_int_equal(f->last_line, 100000);
    assert_int_equal(f->log_bytes, 1 << 30);
    assert_true(f->log_truncated);
    assert_int_equal(f->cpu_ms, 77);
    assert_int_equal(f->memory_peak_bytes, 1 << 26);
    assert_int_equal(f->io_read_bytes, 4096);
    assert_int_equal(f->io_write_bytes, 8192);
    assert_true(f->oom_killed);
    assert_int_equal(list.items[5].type, AGENT_EVENT_USAGE);
    assert_memory_equal(&list.items[5].usage, &events[5].usage, sizeof(events[5].usage));
}

static void test_finished__without_exit_code_stays_without(void **state)
{
    (void)state;
    const struct agent_event event = {.seq = 1,
                                      .type = AGENT_EVENT_FINISHED,
                                      .run_id = id_new(),
                                      .attempt = 1,
                                      .finished = {.reason = "image_not_found"}};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(agent_event_list_done) struct agent_event_list list = {0};
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    put_request(&b, &event, 1);
    ASSERT_OK(agent_event_list_parse(b.data, b.len, &list, &e), e);
    assert_false(list.items[0].finished.has_exit_code);
    assert_null(list.items[0].finished.message);
}

static void test_events__bad_ones_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *names;
    } bad[] = {
        {"{}", "events"},
        {"{\"events\":{}}", "events"},
        {"{\"events\":[3]}", "events[0]"},
        {"{\"events\":[{\"seq\":-1,\"type\":\"heartbeat\"}]}", "seq"},
        {"{\"events\":[{\"seq\":1,\"type\":\"sleeping\"}]}", "type"},
        {"{\"events\":[{\"seq\":1,\"type\":\"started\",\"run\":\"me\"}]}", "run"},
        {"{\"events\":[{\"seq\":1,\"type\":\"heartbeat\",\"mem_total\":-5}]}", "mem_total"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct agent_event_list list;
        struct err e;
        assert_int_equal(agent_event_list_parse(bad[i].text, strlen(bad[i].text), &list, &e),
                         ERR_INVALID);
        if (strstr(e.msg, bad[i].names) == NULL)
            fail_msg("%s: %s", bad[i].text, e.msg);
    }
}

static void test_events__too_many_are_refused(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    struct agent_event_list list;
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    buf_add_text(&b, "{\"events\":[1");
    for (int i = 0; i < LIMIT_AGENT_EVENTS; i++)
        buf_add_text(&b, ",1");
    buf_add_text(&b, "]}");
    assert_int_equal(agent_event_list_parse(b.data, b.len, &list, &e), ERR_LIMIT);
}

static void test_results__come_back(void **state)
{
    (void)state;
    const struct agent_result results[] = {
        {.seq = 9, .ok = true},
        {.seq = 10, .ok = false, .code = "conflict", .message = "attempt 2 is current"}};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(agent_result_list_done) struct agent_result_list list = {0};
    struct err e;

    buf_init(&b, LIMIT_BODY_BYTES);
    agent_result_list_put(&b, results, 2);
    ASSERT_OK(agent_result_list_parse(b.data, b.len, &list, &e), e);
    assert_int_equal(list.n, 2);
    assert_true(list.items[0].ok);
    assert_null(list.items[0].code);
    assert_int_equal(list.items[1].seq, 10);
    assert_false(list.items[1].ok);
    assert_string_equal(list.items[1].code, "conflict");
    assert_string_equal(list.items[1].message, "attempt 2 is current");
}

TEST_MAIN(cmocka_unit_test(test_events__come_back_as_they_were_put),
          cmocka_unit_test(test_finished__without_exit_code_stays_without),
          cmocka_unit_test(test_events__bad_ones_are_named),
          cmocka_unit_test(test_events__too_many_are_refused),
          cmocka_unit_test(test_results__come_back))
