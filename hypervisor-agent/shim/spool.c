/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES ((size_t)64 * 1024)
#define PENDING_MAX_BYTES (FLUSH_BYTES + LOG_RECORD_MAX_BYTES)
#define SCAN_BYTES ((size_t)256 * 1024)

static const char header[SPOOL_HEADER_BYTES] = {'E', 'R', 'R', 'S', 'P', 'O', 'O', 'L', 1};

bool spool_header_is_valid(const char *bytes)
{
    return memcmp(bytes, header, SPOOL_HEADER_BYTES) == 0;
}

int spool_create(struct spool *spool, uint64_t limit_bytes, struct err *e)
{
    *spool = (struct spool){.limit_bytes = limit_bytes};
    buf_init(&spool->pending, PENDING_MAX_BYTES);
    spool->fd = open(SPOOL_FILE, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (spool->fd < 0)
        return err_errno(e, errno, "create " SPOOL_FILE);
    if (write(spool->fd, header, sizeof(header)) != (ssize_t)sizeof(header))
        return err_errno(e, ENOSPC, "write " SPOOL_FILE);
    spool->file_bytes = sizeof(header);
    return 0;
}

static void drop(struct spool *spool, const struct log_record *record)
{
    spool->dropped_bytes += record->n;
    if ((record->flags & LOG_RECORD_PARTIAL) == 0)
        spool->dropped_lines++;
}

static void append(struct spool *spool, const struct log_record *record)
{
    if (spool->pending.len >= FLUSH_BYTES)
        spool_flush(spool);
    log_record_append(&spool->pending, record);
    spool->pending_records++;
    spool->pending_payload += record->n;
}

void spool_add(struct spool *spool, const struct log_record *record)
{
    uint64_t held = spool->payload_bytes + spool->pending_payload;
    if (spool->limit_bytes > 0 && held + record->n > spool->limit_bytes)
        spool->full = true;
    if (spool->full)
        drop(spool, record);
    else
        append(spool, record);
}

static bool write_whole(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        n -= (size_t)put;
    }
    return true;
}

static void drop_pending(struct spool *spool)
{
    size_t at = 0;
    struct log_record record;
    size_t size;
    while (log_record_next(spool->pending.data + at, spool->pending.len - at, &record, &size) ==
           LOG_RECORD_WHOLE) {
        drop(spool, &record);
        at += size;
    }
}

void spool_flush(struct spool *spool)
{
    if (spool->pending.len == 0)
        return;
    if (buf_ok(&spool->pending) &&
        write_whole(spool->fd, spool->pending.data, spool->pending.len)) {
        spool->file_bytes += spool->pending.len;
        spool->records += spool->pending_records;
        spool->payload_bytes += spool->pending_payload;
    } else {
        (void)!ftruncate(spool->fd, (off_t)spool->file_bytes);
        drop_pending(spool);
    }
    buf_clear(&spool->pending);
    spool->pending_records = 0;
    spool->pending_payload = 0;
}

static void add_drop_notice(struct spool *spool, int64_t now_us)
{
    char text[160];
    int n = spool->full
                ? snprintf(text, sizeof(text),
                           "log limit of %" PRIu64 " bytes reached: %" PRIu64 " lines (%" PRIu64
                           " bytes) dropped",
                           spool->limit_bytes, spool->dropped_lines, spool->dropped_bytes)
                : snprintf(text, sizeof(text),
                           "the disk is full: %" PRIu64 " lines (%" PRIu64 " bytes) dropped",
                           spool->dropped_lines, spool->dropped_bytes);
    if (n <= 0)
        return;
    append(spool,
           &(struct log_record){
               .ts_us = now_us, .stream = LOG_STREAM_SYSTEM, .payload = text, .n = (size_t)n});
}

void spool_close(struct spool *spool, int64_t now_us)
{
    spool_flush(spool);
    if (spool->dropped_bytes > 0 || spool->dropped_lines > 0)
        add_drop_notice(spool, now_us);
    spool_flush(spool);
    if (spool->fd >= 0)
        (void)close(spool->fd);
    spool->fd = -1;
    buf_done(&spool->pending);
}

/* Advances `*at` over whole records; false at the end, or at what is no record. */
static bool scan_more(int fd, struct buf *chunk, uint64_t *at, uint64_t *records, uint64_t *payload)
{
    buf_clear(chunk);
    char *bytes = buf_reserve(chunk, SCAN_BYTES);
    ssize_t got = bytes == NULL ? -1 : pread(fd, bytes, SCAN_BYTES, (off_t)*at);
    if (got <= 0)
        return false;
    struct log_range range = log_record_scan(bytes, (size_t)got, UINT64_MAX);
    *at += range.bytes;
    *records += range.records;
    *payload += range.payload_bytes;
    return range.records > 0 && range.end == LOG_RECORD_TORN;
}

int spool_recover(uint64_t *ret_records, uint64_t *ret_payload_bytes, struct err *e)
{
    CLEANUP(buf_done) struct buf chunk;
    buf_init(&chunk, SCAN_BYTES);
    *ret_records = 0;
    *ret_payload_bytes = 0;

    CLEANUP(fd_closep) int fd = open(SPOOL_FILE, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_errno(e, errno, "open " SPOOL_FILE);
    char found[SPOOL_HEADER_BYTES];
    if (pread(fd, found, sizeof(found), 0) != (ssize_t)sizeof(found) ||
        !spool_header_is_valid(found)) {
        if (ftruncate(fd, 0) < 0 || pwrite(fd, header, sizeof(header), 0) < 0)
            return err_errno(e, errno, "repair " SPOOL_FILE);
        return 0;
    }

    uint64_t at = SPOOL_HEADER_BYTES;
    while (scan_more(fd, &chunk, &at, ret_records, ret_payload_bytes))
        continue;
    if (ftruncate(fd, (off_t)at) < 0)
        return err_errno(e, errno, "repair " SPOOL_FILE);
    return 0;
}
