/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "base/file.h"
#include "shim/spool.h"
#include "shim/spool_recovery.h"
#include "shim/spool_segment.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

#define FIRST "spool.00000000000000000001"

static void read_segment(const char *name, struct buf *bytes, struct spool_segment *ret_segment)
{
    struct err e;
    buf_init(bytes, 4 << 20);
    ASSERT_OK(file_read(name, bytes, &e), e);
    assert_true(bytes->len >= SPOOL_SEGMENT_HEADER_BYTES);
    assert_true(spool_segment_decode(bytes->data, ret_segment));
    buf_consume(bytes, SPOOL_SEGMENT_HEADER_BYTES);
}

static void read_spool(struct buf *bytes)
{
    struct spool_segment segment;
    read_segment(FIRST, bytes, &segment);
    assert_int_equal(segment.first_id, 1);
    assert_int_equal(segment.payload_before, 0);
}

static void test_spool__holds_what_was_added(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 0, 0, &e), e);
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
    ASSERT_OK(spool_create(&spool, 25, 0, &e), e);
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
static void test_spool__a_full_disk_holds_what_it_does_not_take(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    struct rlimit before;
    CLEANUP(buf_done) struct buf bytes;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit little = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);

    ASSERT_OK(spool_create(&spool, 0, 0, &e), e);
    add(&spool, "before");
    spool_flush(&spool);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    for (int i = 0; i < 100; i++)
        add(&spool, "0123456789");
    spool_flush(&spool);
    assert_int_equal(spool.held, SPOOL_DISK_FULL);
    assert_int_equal(spool.records, 1);
    read_spool(&bytes);
    assert_int_equal(log_record_scan(bytes.data, bytes.len, UINT64_MAX).records, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    spool_flush(&spool);
    assert_int_equal(spool.held, SPOOL_NOT_HELD);
    spool_close(&spool, 2);
    assert_int_equal(spool.dropped_bytes, 0);

    buf_done(&bytes);
    read_spool(&bytes);
    struct log_range range = log_record_scan(bytes.data, bytes.len, UINT64_MAX);
    assert_int_equal(range.records, 101);
    assert_int_equal(range.bytes, bytes.len);
}

static void test_spool__what_is_given_up_is_counted_and_said(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    struct rlimit before;
    CLEANUP(buf_done) struct buf bytes;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit little = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    ASSERT_OK(spool_create(&spool, 0, 0, &e), e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    for (int i = 0; i < 100; i++)
        add(&spool, "0123456789");
    spool_close(&spool, 2);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(spool.dropped_lines, 100);
    assert_int_equal(spool.dropped_bytes, 1000);
    read_spool(&bytes);
    assert_int_equal(log_record_scan(bytes.data, bytes.len, UINT64_MAX).records, 1);
    assert_non_null(memmem(bytes.data, bytes.len, "no room for the log: 100 lines", 30));
}

/* Fill until it holds; returns how many lines it took. */
static int fill(struct spool *spool)
{
    static char line[1024];
    memset(line, 'x', sizeof(line));
    int n = 0;
    for (spool_flush(spool); spool->held == SPOOL_NOT_HELD; n++) {
        spool_add(spool,
                  &(struct log_record){
                      .ts_us = 1, .stream = LOG_STREAM_STDOUT, .payload = line, .n = sizeof(line)});
        spool_flush(spool);
    }
    return n;
}

static void test_spool__is_cut_into_segments_up_to_its_ceiling(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    struct spool_segment segment;
    uint64_t first;
    uint64_t last;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 0, 1, &e), e);
    int n = fill(&spool);
    assert_int_equal(spool.held, SPOOL_CEILING);
    assert_in_range(n, 4 * 1024 * 1000 / 1042, 4 * 1024 * 1100 / 1042);

    /* each begins where the one before ends */
    ASSERT_OK(spool_segment_bounds(".", &first, &last, &e), e);
    uint64_t next = first;
    for (int i = 0; i < SPOOL_SEGMENTS; i++) {
        char name[SPOOL_SEGMENT_NAME_BYTES];
        spool_segment_name(next, name);
        read_segment(name, &bytes, &segment);
        assert_int_equal(segment.first_id, next);
        assert_int_equal(segment.payload_before, (next - 1) * 1024);
        struct log_range range = log_record_scan(bytes.data, bytes.len, UINT64_MAX);
        assert_int_equal(range.bytes, bytes.len);
        next += range.records;
        buf_done(&bytes);
    }
    assert_int_equal(next, spool.records + 1);

    /* and whoever removes the first makes room for one more */
    assert_int_equal(unlink(FIRST), 0);
    n = fill(&spool);
    assert_in_range(n, 60, 66);
    spool_give_up(&spool);
    spool_close(&spool, 2);
    buf_init(&bytes, 0);
}

static void test_spool_recover__cuts_a_torn_tail(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    uint64_t records;
    uint64_t payload;
    CLEANUP(buf_done) struct buf bytes;
    ASSERT_OK(spool_create(&spool, 0, 0, &e), e);
    for (int i = 0; i < 30000; i++)
        add(&spool, "0123456789");
    spool_close(&spool, 2);
    assert_int_equal(truncate(FIRST, (off_t)spool.segment_bytes - 1), 0);

    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 29999);
    assert_int_equal(payload, 299990);
    read_spool(&bytes);
    assert_int_equal(log_record_scan(bytes.data, bytes.len, UINT64_MAX).bytes, bytes.len);
}

static void test_spool_recover__counts_what_was_removed(void **state)
{
    (void)state;
    struct err e;
    struct spool spool;
    uint64_t records;
    uint64_t payload;
    ASSERT_OK(spool_create(&spool, 0, 1, &e), e);
    (void)fill(&spool);
    spool_give_up(&spool);
    uint64_t written = spool.records;
    assert_int_equal(unlink(FIRST), 0);
    fd_closep(&spool.fd);
    buf_done(&spool.pending);
    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, written);
    assert_int_equal(payload, written * 1024);
}

static void test_spool_recover__no_file_and_half_a_header_are_empty(void **state)
{
    (void)state;
    struct err e;
    uint64_t records = 1;
    uint64_t payload = 1;
    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 0);

    ASSERT_OK(file_replace(FIRST, "ERRS", 4, 0600, &e), e);
    ASSERT_OK(spool_recover(&records, &payload, &e), e);
    assert_int_equal(records, 0);
    assert_int_equal(access(FIRST, F_OK), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_MAIN(TEST(test_spool__holds_what_was_added),
          TEST(test_spool__over_the_limit_one_record_says_what_is_missing),
          TEST(test_spool__a_full_disk_holds_what_it_does_not_take),
          TEST(test_spool__what_is_given_up_is_counted_and_said),
          TEST(test_spool__is_cut_into_segments_up_to_its_ceiling),
          TEST(test_spool_recover__cuts_a_torn_tail),
          TEST(test_spool_recover__counts_what_was_removed),
          TEST(test_spool_recover__no_file_and_half_a_header_are_empty))
