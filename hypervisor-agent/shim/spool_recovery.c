/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/spool_recovery.h"

#include "base/buf.h"
#include "model/log_record.h"
#include "shim/spool_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SCAN_BYTES ((size_t)256 * 1024)

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

/* False: the shim died while it made this file, and nothing is in it. */
static bool read_header(int fd, uint64_t first_id, struct spool_segment *ret_segment)
{
    char header[SPOOL_SEGMENT_HEADER_BYTES];
    return pread(fd, header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
           spool_segment_decode(header, ret_segment) && ret_segment->first_id == first_id;
}

/* 1, or 0 when there was nothing in it and it has been removed. */
static int recover_segment(uint64_t first_id, uint64_t *ret_records, uint64_t *ret_payload_bytes,
                           struct err *e)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    struct spool_segment segment;
    spool_segment_name(first_id, name);
    CLEANUP(fd_closep) int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(e, errno, "open %s", name);
    if (!read_header(fd, first_id, &segment))
        return unlink(name) == 0 ? 0 : err_errno(e, errno, "remove %s", name);

    CLEANUP(buf_done) struct buf chunk;
    buf_init(&chunk, SCAN_BYTES);
    uint64_t at = SPOOL_SEGMENT_HEADER_BYTES;
    *ret_records = first_id - 1;
    *ret_payload_bytes = segment.payload_before;
    while (scan_more(fd, &chunk, &at, ret_records, ret_payload_bytes))
        continue;
    return ftruncate(fd, (off_t)at) == 0 ? 1 : err_errno(e, errno, "repair %s", name);
}

int spool_recover(uint64_t *ret_records, uint64_t *ret_payload_bytes, struct err *e)
{
    *ret_records = 0;
    *ret_payload_bytes = 0;
    for (;;) {
        uint64_t first;
        uint64_t last;
        int r = spool_segment_bounds(".", &first, &last, e);
        if (r == ERR_NOT_FOUND)
            return 0;
        if (r == 0)
            r = recover_segment(last, ret_records, ret_payload_bytes, e);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}
