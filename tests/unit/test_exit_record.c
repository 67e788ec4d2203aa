/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "exit_record.h"

#include <string.h>

static struct exit_record sample(void)
{
    return (struct exit_record){
        .run = id_new(),
        .attempt = 2,
        .reason = TERMINATION_OOM_KILLED,
        .exit_code = 137,
        .message = "the \"limit\" was reached",
        .started_at_us = INT64_C(1766000000123456),
        .finished_at_us = INT64_C(1766000001000000),
        .last_line = 100000,
        .log_bytes = UINT64_C(1) << 40,
        .log_truncated = true,
        .cpu_ms = 12,
        .memory_peak_bytes = 345,
        .io_read_bytes = 678,
        .io_write_bytes = 910,
        .oom_killed = true,
    };
}

static void round_trip(const struct exit_record *record, struct exit_record *ret_record)
{
    struct err e;
    CLEANUP(buf_done) struct buf json;
    buf_init(&json, 4096);
    exit_record_encode(record, &json);
    ASSERT_OK(exit_record_decode(json.data, json.len, ret_record, &e), e);
}

static void test_exit_record__comes_back_as_it_went(void **state)
{
    (void)state;
    struct exit_record got;
    struct exit_record sent = sample();
    round_trip(&sent, &got);
    assert_true(id_equal(got.run, sent.run));
    assert_int_equal(got.attempt, 2);
    assert_int_equal(got.reason, TERMINATION_OOM_KILLED);
    assert_int_equal(got.exit_code, 137);
    assert_string_equal(got.message, sent.message);
    assert_int_equal(got.started_at_us, sent.started_at_us);
    assert_int_equal(got.finished_at_us, sent.finished_at_us);
    assert_int_equal(got.last_line, sent.last_line);
    assert_int_equal(got.log_bytes, sent.log_bytes);
    assert_true(got.log_truncated);
    assert_int_equal(got.cpu_ms, 12);
    assert_int_equal(got.memory_peak_bytes, 345);
    assert_int_equal(got.io_read_bytes, 678);
    assert_int_equal(got.io_write_bytes, 910);
    assert_true(got.oom_killed);
}

static void test_exit_record__a_run_that_never_ran_has_no_code(void **state)
{
    (void)state;
    struct exit_record got;
    struct exit_record sent = sample();
    sent.exit_code = -1;
    sent.started_at_us = 0;
    round_trip(&sent, &got);
    assert_int_equal(got.exit_code, -1);
    assert_int_equal(got.started_at_us, 0);
}

static void test_exit_record_read__a_file_cut_off_is_no_record(void **state)
{
    (void)state;
    struct err e;
    struct exit_record record = sample();
    struct exit_record got;
    char dir[] = "/tmp/errand-exit-record.XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(exit_record_read(dir, &got, &e), ERR_NOT_FOUND);
    ASSERT_OK(exit_record_write(dir, &record, &e), e);
    ASSERT_OK(exit_record_read(dir, &got, &e), e);

    assert_true(snprintf(path, sizeof(path), "%s/" EXIT_RECORD_FILE, dir) > 0);
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(exit_record_read(dir, &got, &e), ERR_INVALID);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(exit_record_read(dir, &got, &e), ERR_NOT_FOUND);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

TEST_MAIN(cmocka_unit_test(test_exit_record__comes_back_as_it_went),
          cmocka_unit_test(test_exit_record__a_run_that_never_ran_has_no_code),
          cmocka_unit_test(test_exit_record_read__a_file_cut_off_is_no_record))
