/* SPDX-License-Identifier: Apache-2.0 */
#include "log_source.h"

#include "logs/log_frame.h"
#include "shim/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* What makes about one chunk. */
#define READ_BYTES ((size_t)LIMIT_LOG_CHUNK_BYTES)

#define ZSTD_LEVEL 1

void log_source_init(struct log_source *source, struct id run_id, uint32_t attempt,
                     const char *run_dir)
{
    *source =
        (struct log_source){.run_id = run_id, .attempt = attempt, .run_dir = run_dir, .fd = -1};
}

void log_source_done(struct log_source *source)
{
    fd_closep(&source->fd);
    source->fd = -1;
}

static int open_spool(struct log_source *source, struct err *e)
{
    char path[PATH_MAX];
    char header[SPOOL_HEADER_BYTES];
    int n = snprintf(path, sizeof(path), "%s/%s", source->run_dir, SPOOL_FILE);
    if (n < 0 || (size_t)n >= sizeof(path))
        return err_set(e, ERR_INVALID, "path too long: %.100s", source->run_dir);

    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);
    ssize_t got = pread(fd, header, sizeof(header), 0);
    if (got < (ssize_t)sizeof(header))
        return err_set(e, ERR_NOT_FOUND, "%s has no header yet", path);
    if (!spool_header_is_valid(header))
        return err_set(e, ERR_INVALID, "%s is no spool", path);
    source->fd = TAKE_FD(fd);
    source->acked = (struct log_position){.offset = SPOOL_HEADER_BYTES};
    source->sent = source->acked;
    return 0;
}

/* At least one record, should it be the longest. */
static int read_at(const struct log_source *source, off_t offset, size_t max_bytes, struct buf *b,
                   struct err *e)
{
    char *into = buf_reserve(b, max_bytes);
    if (into == NULL)
        return err_errno(e, ENOMEM, "read spool");
    ssize_t n;
    do {
        n = pread(source->fd, into, max_bytes, offset);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, errno, "read the spool of %s", source->run_dir);
    buf_advance(b, (size_t)n);
    return 0;
}

static int ensure_open(struct log_source *source, struct err *e)
{
    if (source->fd >= 0)
        return 0;
    int rc = open_spool(source, e);
    if (rc == ERR_NOT_FOUND)
        source->is_pending = false;
    return rc;
}

static int broken(struct log_source *source, struct err *e)
{
    source->is_broken = true;
    source->is_pending = false;
    return err_set(e, ERR_INVALID, "the spool of %s is damaged at byte %lld", source->run_dir,
                   (long long)source->sent.offset);
}

/* Move `at` over the records that go into the chunk. */
static enum log_record_found add_records(struct log_chunk_writer *writer, const struct buf *records,
                                         struct log_position *at)
{
    size_t taken = 0;
    for (;;) {
        struct log_record record;
        size_t size;
        enum log_record_found found =
            log_record_next(records->data + taken, records->len - taken, &record, &size);
        if (found != LOG_RECORD_WHOLE || !log_chunk_add(writer, &record))
            return found;
        taken += size;
        at->last_id++;
        at->offset += (off_t)size;
    }
}

int log_source_read(struct log_source *source, struct log_chunk_writer *writer, struct buf *frames,
                    struct err *e)
{
    CLEANUP(buf_done) struct buf records;
    buf_init(&records, READ_BYTES);
    int rc = ensure_open(source, e);
    if (rc == ERR_NOT_FOUND)
        return 0;
    if (rc == 0)
        rc = read_at(source, source->sent.offset, READ_BYTES, &records, e);
    if (rc < 0)
        return rc;

    struct log_position at = source->sent;
    log_chunk_begin(writer, at.last_id + 1);
    enum log_record_found end = add_records(writer, &records, &at);
    if (at.last_id == source->sent.last_id) {
        if (end == LOG_RECORD_BAD)
            return broken(source, e);
        source->is_pending = false;
        return 0;
    }
    log_frame_begin(frames, source->run_id, source->attempt);
    log_chunk_seal(writer, ZSTD_LEVEL, frames);
    if (!buf_ok(frames))
        return err_errno(e, ENOMEM, "read spool");
    source->sent = at;
    return 0;
}

/* Walk forward from `at` to `last_id`. */
static int walk(struct log_source *source, struct log_position at, uint64_t last_id,
                struct log_position *ret_at, struct err *e)
{
    while (at.last_id < last_id) {
        CLEANUP(buf_done) struct buf records;
        buf_init(&records, READ_BYTES);
        int rc = read_at(source, at.offset, READ_BYTES, &records, e);
        if (rc < 0)
            return rc;
        struct log_range range = log_record_scan(records.data, records.len, last_id - at.last_id);
        if (range.records == 0)
            return err_set(e, ERR_INVALID, "line %llu of %s is acknowledged but not here",
                           (unsigned long long)last_id, source->run_dir);
        at.last_id += range.records;
        at.offset += (off_t)range.bytes;
    }
    *ret_at = at;
    return 0;
}

int log_source_seek(struct log_source *source, uint64_t last_id, struct err *e)
{
    const struct log_position start = {.offset = SPOOL_HEADER_BYTES};
    int rc = ensure_open(source, e);
    if (rc == 0 && last_id == source->sent.last_id)
        source->acked = source->sent;
    else if (rc == 0)
        rc = walk(source, last_id >= source->acked.last_id ? source->acked : start, last_id,
                  &source->acked, e);
    if (rc < 0)
        return rc;
    source->sent = source->acked;
    source->is_pending = true;
    return 0;
}

void log_source_rewind(struct log_source *source)
{
    source->sent = source->acked;
    source->is_pending = true;
}
