/* SPDX-License-Identifier: Apache-2.0 */
#include "log_source.h"

#include "base/clock.h"
#include "logs/log_frame.h"
#include "shim/spool_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* What makes about one chunk. */
#define READ_BYTES ((size_t)LIMIT_LOG_CHUNK_BYTES)

#define ZSTD_LEVEL 1

int log_reading_init(struct log_reading *reading, struct err *e)
{
    buf_init(&reading->records, READ_BYTES);
    return log_chunk_writer_init(&reading->writer, e);
}

void log_reading_done(struct log_reading *reading)
{
    log_chunk_writer_done(&reading->writer);
    buf_done(&reading->records);
}

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
    source->fd_segment = 0;
}

void log_source_set_end(struct log_source *source, uint64_t end_id)
{
    source->end_id = end_id;
    source->is_pending = true;
}

/* segments */

static int path_of(const struct log_source *source, uint64_t segment, char path[PATH_MAX],
                   struct err *e)
{
    char name[SPOOL_SEGMENT_NAME_BYTES];
    spool_segment_name(segment, name);
    int n = snprintf(path, PATH_MAX, "%s/%s", source->run_dir, name);
    return n >= 0 && n < PATH_MAX
               ? 0
               : err_set(e, ERR_INVALID, "path too long: %.100s", source->run_dir);
}

/* ERR_NOT_FOUND: it is not there, or its header is not yet. */
static int open_segment(struct log_source *source, uint64_t segment, struct err *e)
{
    char path[PATH_MAX];
    char header[SPOOL_SEGMENT_HEADER_BYTES];
    struct spool_segment found;
    if (source->fd_segment == segment)
        return 0;
    int rc = path_of(source, segment, path, e);
    if (rc < 0)
        return rc;
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(e, errno, "open %s", path);
    if (pread(fd, header, sizeof(header), 0) < (ssize_t)sizeof(header))
        return err_set(e, ERR_NOT_FOUND, "%s has no header yet", path);
    if (!spool_segment_decode(header, &found) || found.first_id != segment)
        return err_set(e, ERR_INVALID, "%s is no spool", path);
    log_source_done(source);
    source->fd = TAKE_FD(fd);
    source->fd_segment = segment;
    return 0;
}

static struct log_position start_of(uint64_t segment)
{
    return (struct log_position){
        .last_id = segment - 1, .segment = segment, .offset = SPOOL_SEGMENT_HEADER_BYTES};
}

/* Segments before the first that is there were removed because they were acknowledged. */
static int ensure_begun(struct log_source *source, struct err *e)
{
    uint64_t first;
    uint64_t last;
    if (source->acked.segment != 0)
        return 0;
    int rc = spool_segment_bounds(source->run_dir, &first, &last, e);
    if (rc == 0)
        rc = open_segment(source, first, e);
    if (rc == 0)
        source->acked = source->flying = source->sent = start_of(first);
    return rc;
}

struct after {
    uint64_t segment;
    uint64_t found; /* the least that is greater; 0: none */
};

static void note_after(void *ctx, uint64_t first_id)
{
    struct after *after = ctx;
    if (first_id > after->segment && (after->found == 0 || first_id < after->found))
        after->found = first_id;
}

static void remove_before(const struct log_source *source, uint64_t segment)
{
    struct after after = {0};
    char path[PATH_MAX];
    for (;;) {
        after.found = 0;
        if (spool_segment_each(source->run_dir, note_after, &after, NULL) < 0 || after.found == 0 ||
            after.found >= segment || path_of(source, after.found, path, NULL) < 0)
            return;
        (void)unlink(path);
        after.segment = after.found;
    }
}

static void set_acked(struct log_source *source, struct log_position at)
{
    uint64_t before = source->acked.segment;
    source->acked = at;
    if (at.segment > before)
        remove_before(source, at.segment);
}

/* reading */

static int read_at(const struct log_source *source, off_t offset, struct buf *b, struct err *e)
{
    char *into = buf_reserve(b, READ_BYTES);
    if (into == NULL)
        return err_errno(e, ENOMEM, "read spool");
    ssize_t n;
    do {
        n = pread(source->fd, into, READ_BYTES, offset);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(e, errno, "read the spool of %s", source->run_dir);
    buf_advance(b, (size_t)n);
    return 0;
}

/* Read what is at `at`; at the end of a segment go to the one that follows, if it was begun.
 * Nothing read: there is nothing more. */
static int read_from(struct log_source *source, struct log_position *at, struct buf *b,
                     struct err *e)
{
    int rc = open_segment(source, at->segment, e);
    if (rc == 0)
        rc = read_at(source, at->offset, b, e);
    if (rc < 0 || b->len > 0 || at->last_id + 1 == at->segment)
        return rc;
    rc = open_segment(source, at->last_id + 1, e);
    if (rc < 0)
        return rc == ERR_NOT_FOUND ? 0 : rc;
    *at = start_of(at->last_id + 1);
    return read_at(source, at->offset, b, e);
}

static int put_gap(struct log_source *source, uint64_t to, struct buf *frames, struct err *e)
{
    uint64_t n = to - source->sent.last_id;
    if (n > UINT32_MAX)
        n = UINT32_MAX;
    log_frame_begin(frames, source->run_id, source->attempt);
    log_chunk_put_gap(frames, source->sent.last_id + 1, (uint32_t)n, clock_now_us(),
                      "lines are missing here: the hypervisor's copy was damaged");
    if (!buf_ok(frames))
        return err_errno(e, ENOMEM, "read spool");
    source->sent.last_id += n;
    return 0;
}

/* What follows is no record: go on with the next segment, or with the end once it is known. */
static int pass_damage(struct log_source *source, struct buf *frames, struct err *e)
{
    struct after after = {.segment = source->sent.segment};
    int rc = spool_segment_each(source->run_dir, note_after, &after, e);
    if (rc < 0)
        return rc;
    if (after.found != 0) {
        source->sent.segment = after.found;
        source->sent.offset = SPOOL_SEGMENT_HEADER_BYTES;
        return put_gap(source, after.found - 1, frames, e);
    }
    source->is_broken = true;
    if (source->end_id > source->sent.last_id)
        return put_gap(source, source->end_id, frames, e);
    source->is_pending = false;
    return source->end_id != 0 ? 0
                               : err_set(e, ERR_INVALID, "the spool of %s is damaged at byte %lld",
                                         source->run_dir, (long long)source->sent.offset);
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

static int read_records(struct log_source *source, struct log_reading *reading, struct buf *frames,
                        struct err *e)
{
    struct log_position at = source->sent;
    buf_clear(&reading->records);
    int rc = read_from(source, &at, &reading->records, e);
    if (rc == ERR_INVALID || rc == ERR_NOT_FOUND)
        return pass_damage(source, frames, e);
    if (rc < 0)
        return rc;

    log_chunk_begin(&reading->writer, at.last_id + 1);
    enum log_record_found end = add_records(&reading->writer, &reading->records, &at);
    if (at.last_id == source->sent.last_id) {
        source->sent = at;
        if (end == LOG_RECORD_BAD || at.last_id < source->end_id)
            return pass_damage(source, frames, e);
        source->is_pending = false;
        return 0;
    }
    log_frame_begin(frames, source->run_id, source->attempt);
    log_chunk_seal(&reading->writer, ZSTD_LEVEL, frames);
    if (!buf_ok(frames))
        return err_errno(e, ENOMEM, "read spool");
    source->sent = at;
    return 0;
}

int log_source_read(struct log_source *source, struct log_reading *reading, struct buf *frames,
                    struct err *e)
{
    int rc = ensure_begun(source, e);
    if (rc == ERR_NOT_FOUND) {
        source->is_pending = false;
        return 0;
    }
    if (rc < 0)
        return rc;
    if (source->is_broken)
        return pass_damage(source, frames, e);
    if (source->sent.segment > source->sent.last_id + 1)
        return put_gap(source, source->sent.segment - 1, frames, e);
    return read_records(source, reading, frames, e);
}

void log_source_launch(struct log_source *source)
{
    source->flying = source->sent;
}

bool log_source_land(struct log_source *source, uint64_t last_id)
{
    if (source->acked.segment == 0 || last_id != source->flying.last_id)
        return false;
    set_acked(source, source->flying);
    return true;
}

/* seeking */

/* `last_id` is behind damage: it was sent as a gap. */
static int walk_over(const struct log_source *source, uint64_t last_id, struct log_position *at,
                     struct err *e)
{
    struct after after = {.segment = at->segment};
    int rc = spool_segment_each(source->run_dir, note_after, &after, e);
    if (rc < 0)
        return rc;
    if (after.found == 0 && source->end_id < last_id)
        return err_set(e, ERR_INVALID, "line %llu of %s is acknowledged but not here",
                       (unsigned long long)last_id, source->run_dir);
    if (after.found != 0 && after.found <= last_id) {
        *at = start_of(after.found);
        return 0;
    }
    at->last_id = last_id;
    if (after.found != 0) {
        at->segment = after.found;
        at->offset = SPOOL_SEGMENT_HEADER_BYTES;
    }
    return 0;
}

/* Walk forward from `at` to `last_id`. */
static int walk(struct log_source *source, struct log_position at, uint64_t last_id,
                struct log_position *ret_at, struct err *e)
{
    while (at.last_id < last_id) {
        CLEANUP(buf_done) struct buf records;
        buf_init(&records, READ_BYTES);
        int rc = read_from(source, &at, &records, e);
        if (rc < 0 && rc != ERR_INVALID && rc != ERR_NOT_FOUND)
            return rc;
        struct log_range range = log_record_scan(records.data, records.len, last_id - at.last_id);
        at.last_id += range.records;
        at.offset += (off_t)range.bytes;
        if (range.records > 0)
            continue;
        rc = walk_over(source, last_id, &at, e);
        if (rc < 0)
            return rc;
    }
    *ret_at = at;
    return 0;
}

/* To a line before `acked`: what was acknowledged is not stored any more. */
static int walk_back(struct log_source *source, uint64_t last_id, struct log_position *ret_at,
                     struct err *e)
{
    uint64_t first;
    uint64_t last;
    int rc = spool_segment_bounds(source->run_dir, &first, &last, e);
    if (rc < 0)
        return rc;
    struct log_position at = start_of(first);
    if (last_id >= at.last_id)
        return walk(source, at, last_id, ret_at, e);
    at.last_id = last_id;
    *ret_at = at;
    return 0;
}

int log_source_seek(struct log_source *source, uint64_t last_id, struct err *e)
{
    struct log_position at = source->sent;
    int rc = ensure_begun(source, e);
    if (rc == 0 && last_id == source->sent.last_id)
        at = source->sent;
    else if (rc == 0 && last_id < source->acked.last_id)
        rc = walk_back(source, last_id, &at, e);
    else if (rc == 0)
        rc = walk(source, source->acked, last_id, &at, e);
    if (rc < 0)
        return rc;
    set_acked(source, at);
    log_source_rewind(source);
    return 0;
}

void log_source_unread(struct log_source *source)
{
    if (source->sent.last_id == source->flying.last_id)
        return;
    source->sent = source->flying;
    source->is_pending = true;
}

void log_source_rewind(struct log_source *source)
{
    source->sent = source->flying = source->acked;
    source->is_pending = true;
}
