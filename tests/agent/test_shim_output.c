/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command writes and what is in the spool.
 */
#include "agent/shim_fixture.h"

#include "run_status.h"

#include <string.h>

#define MIB ((size_t)1 << 20)

static void test_shim__streams_are_told_apart_and_in_order(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "for i in 1 2 3; do echo out$i; echo err$i >&2; done");
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 6);
    assert_int_equal(shim->record.log_bytes, 24);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "out1\nout2\nout3\n");
    shim_assert_text(shim, LOG_STREAM_STDERR, "err1\nerr2\nerr3\n");
}

static void test_shim__hundred_thousand_lines_are_complete_and_in_order(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "seq", "1", "100000", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 100000);

    struct log_record record;
    size_t size;
    size_t at = 0;
    for (int i = 1; i <= 100000; i++) {
        char expected[16];
        assert_int_equal(log_record_next(shim->log.data + at, shim->log.len - at, &record, &size),
                         LOG_RECORD_WHOLE);
        int n = snprintf(expected, sizeof(expected), "%d", i);
        assert_int_equal(record.n, n);
        assert_memory_equal(record.payload, expected, record.n);
        at += size;
    }
    assert_int_equal(at, shim->log.len);
}

static void test_shim__last_line_without_newline_is_kept(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "first\\n\\nlast", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 3);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "first\n\nlast\n");
}

static void test_shim__line_of_a_mebibyte_comes_in_pieces(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo next");
    shim_run(shim);
    assert_int_equal(shim->record.last_line, MIB / LIMIT_LOG_LINE_BYTES + 1);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(n, MIB + 1 + 5);
    assert_int_equal(strspn(text, "x"), MIB);
    assert_string_equal(text + MIB, "\nnext\n");
}

static void test_shim__bytes_stay_what_they_are(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "a\\000b\\377\\376\\r\\n\\001\\n", NULL);
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(n, 9);
    assert_memory_equal(text, "a\0b\xff\xfe\r\n\x01\n", 9);
}

static void test_shim__log_limit_drops_counts_and_says_so(void **state)
{
    struct shim *shim = *state;
    shim->spec.log_limit_bytes = 1000;
    shim_set_script(shim, "for i in $(seq 1 200); do echo 123456789; done; echo end");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_true(shim->record.log_truncated);
    shim_assert_text(shim, LOG_STREAM_SYSTEM,
                     "log limit of 1000 bytes reached: 90 lines (804 bytes) dropped\n");
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(n, 111 * 10);
}

static void test_shim__over_the_limit_the_pipe_is_still_drained(void **state)
{
    struct shim *shim = *state;
    shim->spec.log_limit_bytes = 10000;
    shim_set_script(shim, "seq 1 300000; echo finished >&2; exit 5");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 5);
    assert_true(shim->log.len < 100000);
}

static void test_shim__log_is_readable_while_it_grows(void **state)
{
    struct shim *shim = *state;
    struct err e;
    struct run_status status;
    shim_set_script(shim, "echo live; sleep 60");
    shim_start(shim);
    shim_await(shim, "started");
    ASSERT_OK(run_status_read(shim->run_dir, &status, &e), e);
    assert_int_equal(status.state, RUN_STATUS_RUNNING);
    assert_int_equal(status.pid, shim->pid);
    assert_true(status.started_at_us > 0);
    assert_string_equal(status.cgroup, shim->spec.cgroup);
    shim_await(shim, "log");
    assert_true(shim_disk_holds(shim, "live"));
}

static void test_shim__the_end_is_told_after_the_record_is_there(void **state)
{
    struct shim *shim = *state;
    struct err e;
    shim_start(shim);
    shim_await(shim, "started");
    shim_await(shim, "exited");
    ASSERT_OK(exit_record_read(shim->run_dir, &shim->record, &e), e);
    shim_finish(shim);
}

static void test_shim__nobody_to_wake_is_no_error(void **state)
{
    struct shim *shim = *state;
    free(shim->spec.wake_socket);
    shim->spec.wake_socket = strdup("/tmp/no-such-socket.sock");
    shim_set_argv(shim, "echo", "alone", NULL);
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "alone\n");
}

static void test_shim__secrets_are_on_no_disk(void **state)
{
    struct shim *shim = *state;
    shim_add_env(shim, "TOKEN=plaintext-of-the-token");
    shim_set_argv(shim, "sh", "-c", "echo ${#TOKEN}; sleep 60", "word-of-the-argv", NULL);
    shim_start(shim);
    shim_await(shim, "log");
    assert_true(shim_disk_holds(shim, "ociVersion"));
    assert_false(shim_disk_holds(shim, "plaintext-of-the-token"));
    assert_false(shim_disk_holds(shim, "word-of-the-argv"));
}

static void test_shim__output_of_pid_1s_descriptors_arrives(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo one >/proc/1/fd/1; echo two >/proc/1/fd/2");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "one\n");
    shim_assert_text(shim, LOG_STREAM_STDERR, "two\n");
}

SHIM_MAIN(SHIM_TEST(test_shim__streams_are_told_apart_and_in_order),
          SHIM_TEST(test_shim__hundred_thousand_lines_are_complete_and_in_order),
          SHIM_TEST(test_shim__last_line_without_newline_is_kept),
          SHIM_TEST(test_shim__line_of_a_mebibyte_comes_in_pieces),
          SHIM_TEST(test_shim__bytes_stay_what_they_are),
          SHIM_TEST(test_shim__log_limit_drops_counts_and_says_so),
          SHIM_TEST(test_shim__over_the_limit_the_pipe_is_still_drained),
          SHIM_TEST(test_shim__log_is_readable_while_it_grows),
          SHIM_TEST(test_shim__the_end_is_told_after_the_record_is_there),
          SHIM_TEST(test_shim__nobody_to_wake_is_no_error),
          SHIM_TEST(test_shim__secrets_are_on_no_disk),
          SHIM_TEST(test_shim__output_of_pid_1s_descriptors_arrives))
