/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "model/limits.h"
#include "wire/assignment_line.h"

#include <string.h>

static const char run_text[] = "0197a000-0000-7000-8000-000000000001";

static struct id id_of(const char *text)
{
    struct id id;
    struct err e;
    ASSERT_OK(id_parse(text, strlen(text), &id, &e), e);
    return id;
}

static struct assignment sample(void)
{
    static const char *const argv[] = {"a b", "\"quoted\" \\ ü", ""};
    return (struct assignment){
        .run_id = id_of(run_text),
        .attempt = 3,
        .runner_id = id_of("0197a000-0000-7000-8000-000000000002"),
        .project_id = id_of("0197a000-0000-7000-8000-000000000003"),
        .image = "127.0.0.1:5000/tool:1",
        .argv = argv,
        .argc = 3,
        .env_sealed = "c2VhbGVk",
        .registry_sealed = "bG9naW4=",
        .timeout_seconds = 60,
        .stop_grace_seconds = 10,
        .stop_signal = "SIGTERM",
        .pull_policy = "missing",
        .pull_timeout_seconds = 600,
        .memory_mb = 512,
        .cpu_milli = 500,
        .pids_limit = 100,
        .shm_size_mb = 64,
        .read_only = true,
        .network = "none",
        .sandbox = "untrusted",
        .log_limit_bytes = 1 << 20,
    };
}

static void parse_line(struct buf *b, struct assignment_line *ret_line)
{
    struct err e;
    assert_true(buf_ok(b));
    assert_int_equal(b->data[b->len - 1], '\n');
    assert_null(memchr(b->data, '\n', b->len - 1));
    ASSERT_OK(assignment_line_parse(b->data, b->len - 1, ret_line, &e), e);
}

static void test_assign__comes_back_as_it_was_put(void **state)
{
    (void)state;
    struct assignment a = sample();
    CLEANUP(buf_done) struct buf b;
    CLEANUP(assignment_line_done) struct assignment_line line = {0};

    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_assign(&b, &a);
    parse_line(&b, &line);

    assert_int_equal(line.type, ASSIGNMENT_LINE_ASSIGN);
    assert_true(id_equal(line.assign.run_id, a.run_id));
    assert_true(id_equal(line.assign.runner_id, a.runner_id));
    assert_true(id_equal(line.assign.project_id, a.project_id));
    assert_int_equal(line.assign.attempt, 3);
    assert_string_equal(line.assign.image, a.image);
    assert_null(line.assign.image_digest);
    assert_int_equal(line.assign.argc, 3);
    for (size_t i = 0; i < a.argc; i++)
        assert_string_equal(line.assign.argv[i], a.argv[i]);
    assert_null(line.assign.command);
    assert_null(line.assign.entrypoint);
    assert_string_equal(line.assign.env_sealed, a.env_sealed);
    assert_string_equal(line.assign.registry_sealed, a.registry_sealed);
    assert_int_equal(line.assign.timeout_seconds, 60);
    assert_int_equal(line.assign.stop_grace_seconds, 10);
    assert_string_equal(line.assign.stop_signal, "SIGTERM");
    assert_string_equal(line.assign.pull_policy, "missing");
    assert_int_equal(line.assign.pull_timeout_seconds, 600);
    assert_int_equal(line.assign.memory_mb, 512);
    assert_int_equal(line.assign.cpu_milli, 500);
    assert_int_equal(line.assign.pids_limit, 100);
    assert_int_equal(line.assign.shm_size_mb, 64);
    assert_true(line.assign.read_only);
    assert_null(line.assign.user);
    assert_string_equal(line.assign.network, "none");
    assert_string_equal(line.assign.sandbox, "untrusted");
    assert_int_equal(line.assign.log_limit_bytes, 1 << 20);
}

static void test_warm__comes_back_whole(void **state)
{
    (void)state;
    const struct warm_order orders[] = {
        {.runner_id = id_new(),
         .project_id = id_new(),
         .stamp = INT64_MIN,
         .is_warm = true,
         .image = "host/a:1",
         .pull_policy = "missing",
         .pull_timeout_seconds = 5,
         .expires_at_us = INT64_C(1767323045123456),
         .pool = 3,
         .memory_mb = 256,
         .cpu_milli = 500,
         .pids_limit = 10,
         .shm_size_mb = 64,
         .read_only = true,
         .network = "none",
         .sandbox = "default"},
        {.runner_id = id_new(),
         .image = "host/b:1",
         .image_digest = "sha256:00",
         .registry_sealed = "bG9naW4=",
         .pull_policy = "never",
         .network = "bridge",
         .sandbox = "untrusted"},
    };
    CLEANUP(buf_done) struct buf b;
    CLEANUP(assignment_line_done) struct assignment_line line = {0};
    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_open_warm(&b);
    for (size_t i = 0; i < ARRAY_LEN(orders); i++)
        assignment_line_put_pin(&b, &orders[i]);
    assignment_line_close_warm(&b);
    parse_line(&b, &line);

    assert_int_equal(line.type, ASSIGNMENT_LINE_WARM);
    assert_int_equal(line.warm_n, 2);
    const struct warm_order *first = &line.warm[0];
    assert_true(id_equal(first->runner_id, orders[0].runner_id));
    assert_true(id_equal(first->project_id, orders[0].project_id));
    assert_true(first->stamp == INT64_MIN && first->is_warm && first->read_only);
    assert_string_equal(first->image, "host/a:1");
    assert_null(first->image_digest);
    assert_null(first->registry_sealed);
    assert_int_equal(first->expires_at_us, orders[0].expires_at_us);
    assert_int_equal(first->pool, 3);
    assert_int_equal(first->memory_mb, 256);
    assert_string_equal(line.warm[1].registry_sealed, "bG9naW4=");
    assert_string_equal(line.warm[1].pull_policy, "never");
    assert_string_equal(line.warm[1].sandbox, "untrusted");
}

static void test_assign__refuses_argv_beside_command(void **state)
{
    (void)state;
    struct assignment a = sample();
    struct assignment_line line;
    struct err e;
    CLEANUP(buf_done) struct buf b;

    a.command = "echo hi";
    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_assign(&b, &a);
    assert_int_equal(assignment_line_parse(b.data, b.len - 1, &line, &e), ERR_INVALID);
    assert_non_null(strstr(e.msg, "argv"));
}

static void test_assign__every_member_is_needed_or_nullable(void **state)
{
    (void)state;
    static const char *const needed[] = {
        "\"run\"",       "\"attempt\"",     "\"image\":",  "\"env_sealed\"", "\"pull_policy\"",
        "\"memory_mb\"", "\"stop_signal\"", "\"network\"", "\"read_only\"",  "\"sandbox\""};
    struct assignment a = sample();
    CLEANUP(buf_done) struct buf b;

    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_assign(&b, &a);
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        struct assignment_line line;
        struct err e;
        char *key = memmem(b.data, b.len, needed[i], strlen(needed[i]));
        assert_non_null(key);
        char kept = key[1];
        key[1] = '_';
        assert_int_equal(assignment_line_parse(b.data, b.len - 1, &line, &e), ERR_INVALID);
        key[1] = kept;
    }
}

static void test_sync__keeps_order_and_stop(void **state)
{
    (void)state;
    struct assignment_sync runs[] = {{id_of(run_text), 1, false}, {id_new(), 2, true}};
    CLEANUP(buf_done) struct buf b;
    CLEANUP(assignment_line_done) struct assignment_line line = {0};

    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_sync(&b, runs, 2);
    parse_line(&b, &line);
    assert_int_equal(line.type, ASSIGNMENT_LINE_SYNC);
    assert_int_equal(line.sync_n, 2);
    assert_true(id_equal(line.sync[1].run_id, runs[1].run_id));
    assert_int_equal(line.sync[1].attempt, 2);
    assert_false(line.sync[0].stop);
    assert_true(line.sync[1].stop);
}

static void test_stop_and_ping__come_back(void **state)
{
    (void)state;
    CLEANUP(buf_done) struct buf b;
    CLEANUP(assignment_line_done) struct assignment_line line = {0};

    buf_init(&b, LIMIT_ASSIGNMENT_BYTES);
    assignment_line_put_stop(&b, id_of(run_text), 7);
    parse_line(&b, &line);
    assert_int_equal(line.type, ASSIGNMENT_LINE_STOP);
    assert_int_equal(line.stop.attempt, 7);
    assert_true(line.stop.stop);

    buf_clear(&b);
    assignment_line_put_ping(&b);
    parse_line(&b, &line);
    assert_int_equal(line.type, ASSIGNMENT_LINE_PING);
}

static void test_parse__refuses_what_is_no_line(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"type\":\"other\"}",
        "{\"type\":1}",
        "{\"type\":\"sync\"}",
        "{\"type\":\"sync\",\"runs\":[1]}",
        "{\"type\":\"stop\",\"run\":\"x\",\"attempt\":1}",
        "{\"type\":\"stop\",\"run\":\"0197a000-0000-7000-8000-000000000001\",\"attempt\":0}",
        "{\"type\":\"ping\",\"type\":\"ping\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct assignment_line line;
        struct err e;
        if (assignment_line_parse(bad[i], strlen(bad[i]), &line, &e) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
    }
}

TEST_MAIN(cmocka_unit_test(test_assign__comes_back_as_it_was_put),
          cmocka_unit_test(test_warm__comes_back_whole),
          cmocka_unit_test(test_assign__refuses_argv_beside_command),
          cmocka_unit_test(test_assign__every_member_is_needed_or_nullable),
          cmocka_unit_test(test_sync__keeps_order_and_stop),
          cmocka_unit_test(test_stop_and_ping__come_back),
          cmocka_unit_test(test_parse__refuses_what_is_no_line))
