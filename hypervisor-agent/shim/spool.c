/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/spool.h"

#include "shim/spool_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES ((size_t)256 * 1024)
#define SEGMENT_MIN_BYTES ((uint64_t)64 * 1024)

/* One read of a stream may be 80 KiB of empty lines, each a record of 18 bytes. */
#define PENDING_MAX_BYTES (FLUSH_BYTES + (size_t)8 * 1024 * 1024)

static bool write_whole(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t put = write(fd, at, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        n -= (size_t)put;
    }
    return true;
}

static void forget_removed(struct spool *spool)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    size_t gone = 0;
    while (gone + 1 < spool->segments_n) {
        spool_segment_name(spool->segments[gone], name);
        if (access(name, F_OK) == 0 || errno != ENOENT)
            break;
        gone++;
    }
    spool->segments_n -= gone;
    memmove(spool->segments, spool->segments + gone, spool->segments_n * sizeof(uint64_t));
}

/* The number of the next record names it. A file that could not be begun is no segment. */
static enum spool_hold begin_segment(struct spool *spool, int *ret_errno)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    unsigned char header[SPOOL_SEGMENT_HEADER_BYTES];
    if (spool->segments_n == SPOOL_SEGMENTS)
        forget_removed(spool);
    if (spool->segments_n == SPOOL_SEGMENTS)
        return SPOOL_CEILING;

    const struct spool_segment segment = {.first_id = spool->records + 1,
                                          .payload_before = spool->payload_bytes};
    spool_segment_name(segment.first_id, name);
    spool_segment_encode(&segment, header);
    CLEANUP(fd_closep)
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || !write_whole(fd, header, sizeof(header))) {
        *ret_errno = errno;
        if (fd >= 0)
            (void)unlink(name);
        return SPOOL_DISK_FULL;
    }
    fd_closep(&spool->fd);
    spool->fd = TAKE_FD(fd);
    spool->segments[spool->segments_n++] = segment.first_id;
    spool->segment_bytes = sizeof(header);
    return SPOOL_NOT_HELD;
}

int spool_create(struct spool *spool, uint64_t log_limit_bytes, uint64_t spool_limit_bytes,
                 struct err *e)
{
    int problem = 0;
    if (spool_limit_bytes == 0)
        spool_limit_bytes = SPOOL_LIMIT_DEFAULT_BYTES;
    *spool = (struct spool){.fd = -1,
                            .log_limit_bytes = log_limit_bytes,
                            .segment_limit_bytes = spool_limit_bytes / SPOOL_SEGMENTS};
    if (spool->segment_limit_bytes < SEGMENT_MIN_BYTES)
        spool->segment_limit_bytes = SEGMENT_MIN_BYTES;
    buf_init(&spool->pending, PENDING_MAX_BYTES);
    if (begin_segment(spool, &problem) != SPOOL_NOT_HELD)
        return err_errno(e, problem, "make the spool");
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
    if (spool->held == SPOOL_NOT_HELD &&
        (spool->pending.len >= FLUSH_BYTES || spool->pending.len >= spool->segment_limit_bytes))
        spool_flush(spool);
    log_record_append(&spool->pending, record);
    if (!buf_ok(&spool->pending)) { /* out of memory */
        spool->pending.failed = false;
        drop(spool, record);
        return;
    }
    spool->pending_records++;
    spool->pending_payload += record->n;
}

void spool_add(struct spool *spool, const struct log_record *record)
{
    uint64_t taken = spool->payload_bytes + spool->pending_payload;
    if (spool->log_limit_bytes > 0 && taken + record->n > spool->log_limit_bytes)
        spool->is_full = true;
    if (spool->is_full)
        drop(spool, record);
    else
        append(spool, record);
}

static void forget_pending(struct spool *spool)
{
    buf_clear(&spool->pending);
    spool->pending_records = 0;
    spool->pending_payload = 0;
}

/* What a full disk took of the records goes again: the file ends with a whole record. */
static enum spool_hold write_pending(struct spool *spool)
{
    if (!write_whole(spool->fd, spool->pending.data, spool->pending.len)) {
        (void)!ftruncate(spool->fd, (off_t)spool->segment_bytes);
        return SPOOL_DISK_FULL;
    }
    spool->segment_bytes += spool->pending.len;
    spool->written_bytes += spool->pending.len;
    spool->records += spool->pending_records;
    spool->payload_bytes += spool->pending_payload;
    forget_pending(spool);
    return SPOOL_NOT_HELD;
}

void spool_flush(struct spool *spool)
{
    int problem;
    spool->held = SPOOL_NOT_HELD;
    if (spool->pending.len == 0 || spool->fd < 0)
        return;
    if (spool->segment_bytes >= spool->segment_limit_bytes)
        spool->held = begin_segment(spool, &problem);
    if (spool->held == SPOOL_NOT_HELD)
        spool->held = write_pending(spool);
}

void spool_give_up(struct spool *spool)
{
    size_t at = 0;
    size_t size;
    struct log_record record;
    while (log_record_next(spool->pending.data + at, spool->pending.len - at, &record, &size) ==
           LOG_RECORD_WHOLE) {
        drop(spool, &record);
        at += size;
    }
    forget_pending(spool);
    spool->held = SPOOL_NOT_HELD;
}

static void add_drop_notice(struct spool *spool, int64_t now_us)
{
    char text[160];
    int n = spool->is_full
                ? snprintf(text, sizeof(text),
                           "log limit of %" PRIu64 " bytes reached: %" PRIu64 " lines (%" PRIu64
                           " bytes) dropped",
                           spool->log_limit_bytes, spool->dropped_lines, spool->dropped_bytes)
                : snprintf(text, sizeof(text),
                           "no room for the log: %" PRIu64 " lines (%" PRIu64 " bytes) dropped",
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
    if (spool->held != SPOOL_NOT_HELD)
        spool_give_up(spool);
    if (spool->dropped_bytes > 0 || spool->dropped_lines > 0)
        add_drop_notice(spool, now_us);
    spool_flush(spool);
    fd_closep(&spool->fd);
    spool->fd = -1;
    buf_done(&spool->pending);
}
