/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/file.h"
#include "shim/spool.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

static char dir[] = "/tmp/errand-spool.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    return mkdtemp(dir) == NULL || chdir(dir) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return chdir("/") < 0 ? -1 : dir_remove(dir, NULL);
}

static void add(struct spool *spool, const char *text)
{
    spool_add(spool,
              &(struct log_record){
                  .ts_us = 1, .stream = LOG_STREAM_STDOUT, .payload = text, .n = strlen(text)});
}

static void read_spool(struct buf *bytes)
{
    struct err e;
    buf_init(bytes, 4 << 20);
    ASSERT_OK(file_read(SPOOL_FILE, bytes, &e), e);
    assert_true(spool_header_is_valid(bytes->data));
    buf_consume(bytes, SPOOL_HEADER_BYTES);
}

static void test_spool__holds_what_was_added(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 0, &e), e);
    for (int i = 0; i < 5000; i++)
        add(&spool, "0123456789");
    spool_close(&spool, 2);
    read_spool(&bytes);
    struct log_range range = log_record_scan(bytes.data, bytes.len, UINT64_MAX);
    assert_int_equal(range.records, 5000);
    assert_int_equal(range.bytes, bytes.len);
    assert_int_equal(spool.records, 5000);
    assert_int_equal(spool.payload_bytes, 50000);
}

static void test_spool__over_the_limit_one_record_says_what_is_missing(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 25, &e), e);
    for (int i = 0; i < 4; i++)
        add(&spool, "0123456789");
    add(&spool, "a");
    spool_close(&spool, 2);
    read_spool(&bytes);
    struct log_record record;
    size_t at = 0;
    size_t size;
    for (int i = 0; i < 3; i++, at += size)
        assert_int_equal(log_record_next(bytes.data + at, bytes.len - at, &record, &size),
                         LOG_RECORD_WHOLE);
    assert_int_equal(at, bytes.len);
    assert_int_equal(record.stream, LOG_STREAM_SYSTEM);
    assert_memory_equal(record.payload, "log limit of 25 bytes reached: 3 lines (21 bytes) dropped",
                        record.n);
    assert_int_equal(spool.records, 3);
}

/* RLIMIT_FSIZE stands for the full disk: a write goes in half, then fails. */
static void test_spool__a_full_disk_leaves_whole_records_and_counts_the_rest(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    struct rlimit before;
    CLEANUP(buf_done) struct buf bytes;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit little = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);

    ASSERT_OK(spool_create(&spool, 0, &e), e);
    add(&spool, "before");
    spool_flush(&spool);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    for (int i = 0; i < 100; i++)
        add(&spool, "0123456789");
    spool_flush(&spool);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(spool.dropped_lines, 100);
    assert_int_equal(spool.dropped_bytes, 1000);
    add(&spool, "after");
    spool_close(&spool, 2);

    read_spool(&bytes);
    struct log_range range = log_record_scan(bytes.data, bytes.len, UINT64_MAX);
    assert_int_equal(range.records, 3);
    assert_int_equal(range.bytes, bytes.len);
    assert_non_null(memmem(bytes.data, bytes.len, "the disk is full: 100 lines", 27));
}

static void test_spool_recover__cuts_a_torn_tail(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    uint64_t records;
    uint64_t payload;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 0, &e), e);
    for (int i = 0; i < 30000; i++)
        add(&spool, "0123456789");
    spool_close(&spool, 2);
    assert_int_equal(truncate(SPOOL_FILE, (off_t)spool.file_bytes - 1), 0);

    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 29999);
    assert_int_equal(payload, 299990);
    read_spool(&bytes);
    assert_int_equal(log_record_scan(bytes.data, bytes.len, UINT64_MAX).bytes, bytes.len);
}

static void test_spool_recover__no_file_and_half_a_header_are_empty(void **state)
{
    (void)state;
    struct err e;
    uint64_t records = 1;
    uint64_t payload = 1;
    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 0);

    ASSERT_OK(file_replace(SPOOL_FILE, "ERRS", 4, 0600, &e), e);
    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 0);
    CLEANUP(buf_done) struct buf bytes;
    read_spool(&bytes);
    assert_int_equal(bytes.len, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_MAIN(TEST(test_spool__holds_what_was_added),
          TEST(test_spool__over_the_limit_one_record_says_what_is_missing),
          TEST(test_spool__a_full_disk_leaves_whole_records_and_counts_the_rest),
          TEST(test_spool_recover__cuts_a_torn_tail),
          TEST(test_spool_recover__no_file_and_half_a_header_are_empty))
