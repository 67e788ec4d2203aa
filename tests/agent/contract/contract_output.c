/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract: every byte of stdout and stderr arrives, once, in order.
 */
#include "agent/contract/contract.h"

#include "shim/control.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void test_contract__streams_are_told_apart_and_in_order(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "for i in 1 2 3; do echo out$i; echo err$i >&2; done");
    shim_run(shim);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "out1\nout2\nout3\n");
    shim_assert_text(shim, LOG_STREAM_STDERR, "err1\nerr2\nerr3\n");
}

static void test_contract__all_lines_of_a_fast_command_arrive(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "seq", "1", "200000", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 200000);

    struct log_record record;
    size_t size;
    size_t at = 0;
    for (int i = 1; i <= 200000; i++, at += size) {
        char expected[16];
        assert_int_equal(log_record_next(shim->log.data + at, shim->log.len - at, &record, &size),
                         LOG_RECORD_WHOLE);
        int n = snprintf(expected, sizeof(expected), "%d", i);
        assert_int_equal(record.n, n);
        assert_memory_equal(record.payload, expected, record.n);
    }
}

static void test_contract__output_of_both_streams_at_once_is_complete(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "seq 1 60000 & seq 1 60000 >&2; wait");
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 120000);
    size_t n;
    CLEANUP(freep) char *out = shim_text(shim, LOG_STREAM_STDOUT, &n);
    size_t err_n;
    CLEANUP(freep) char *err = shim_text(shim, LOG_STREAM_STDERR, &err_n);
    assert_int_equal(n, err_n);
    assert_memory_equal(out, err, n);
}

/* The shim stands still; the command must wait for it, not lose lines. */
static void test_contract__nothing_is_lost_while_nobody_reads(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo up; sleep 0.3; seq 1 400000; echo end");
    shim_start(shim);
    shim_await(shim, "log");
    assert_int_equal(kill(shim->pid, SIGSTOP), 0);
    (void)usleep(1000000);
    assert_int_equal(kill(shim->pid, SIGCONT), 0);
    shim_finish(shim);
    assert_int_equal(shim->record.exit_code, 0);
    assert_int_equal(shim->record.last_line, 400002);
}

static void test_contract__last_words_before_the_end_arrive(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "seq 1 5000; echo last words >&2; kill -KILL $$");
    shim_run(shim);
    assert_int_equal(shim->record.exit_code, 137);
    assert_int_equal(shim->record.last_line, 5001);
    shim_assert_text(shim, LOG_STREAM_STDERR, "last words\n");
}

static void test_contract__last_line_without_newline_is_kept(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "first\\n\\nlast", NULL);
    shim_run(shim);
    assert_int_equal(shim->record.last_line, 3);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "first\n\nlast\n");
}

static void test_contract__line_of_a_mebibyte_is_whole(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo next");
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(n, MIB + 1 + 5);
    assert_int_equal(strspn(text, "x"), MIB);
    assert_string_equal(text + MIB, "\nnext\n");
}

static void test_contract__bytes_stay_what_they_are(void **state)
{
    struct shim *shim = *state;
    shim_set_argv(shim, "printf", "a\\000b\\377\\376\\r\\n\\001\\n", NULL);
    shim_run(shim);
    size_t n;
    CLEANUP(freep) char *text = shim_text(shim, LOG_STREAM_STDOUT, &n);
    assert_int_equal(n, 9);
    assert_memory_equal(text, "a\0b\xff\xfe\r\n\x01\n", 9);
}

static void test_contract__closing_both_streams_is_no_end(void **state)
{
    struct shim *shim = *state;
    shim_set_script(shim, "echo up; exec >/dev/null 2>&1; sleep 0.5; exit 6");
    shim_run(shim);
    assert_int_equal(shim->record.reason, TERMINATION_EXITED);
    assert_int_equal(shim->record.exit_code, 6);
    shim_assert_text(shim, LOG_STREAM_STDOUT, "up\n");
}

static void test_contract__secrets_are_on_no_disk(void **state)
{
    struct shim *shim = *state;
    shim_add_env(shim, "PASSWORD=hush-hush-4711");
    shim_set_script(shim, "echo up; sleep 60");
    shim_start(shim);
    shim_await(shim, "log");
    assert_false(shim_disk_holds(shim, "hush-hush-4711"));
    struct err e;
    ASSERT_OK(control_send(shim->run_dir, "kill", &e), e);
    shim_finish(shim);
    assert_false(shim_disk_holds(shim, "hush-hush-4711"));
}

const struct contract_row contract_output[] = {
    CONTRACT_ROW(test_contract__streams_are_told_apart_and_in_order),
    CONTRACT_ROW(test_contract__all_lines_of_a_fast_command_arrive),
    CONTRACT_ROW(test_contract__output_of_both_streams_at_once_is_complete),
    CONTRACT_ROW(test_contract__nothing_is_lost_while_nobody_reads),
    CONTRACT_ROW(test_contract__last_words_before_the_end_arrive),
    CONTRACT_ROW(test_contract__last_line_without_newline_is_kept),
    CONTRACT_ROW(test_contract__line_of_a_mebibyte_is_whole),
    CONTRACT_ROW(test_contract__bytes_stay_what_they_are),
    CONTRACT_ROW(test_contract__closing_both_streams_is_no_end),
    CONTRACT_ROW_IF(test_contract__secrets_are_on_no_disk, DRIVER_CAN(SECRETS)),
    {.needs = 0},
};
