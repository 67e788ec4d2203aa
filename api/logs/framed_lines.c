/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/framed_lines.h"

#include "logs/log_event.h"
#include "logs/log_reader.h"
#include "model/limits.h"

/* Framing stops once it has made so much; the last line may be all escapes. */
#define FRAMED_BYTES (512 << 10)
#define FRAMED_BYTES_SCARCE (16 << 10) /* while this thread's streams hold MUCH_BYTES */
#define MUCH_BYTES ((size_t)256 << 20)
#define FRAMED_BYTES_MAX (FRAMED_BYTES + 8 * LIMIT_LOG_LINE_BYTES)

/* Ten thousand slow readers must not hold ten thousand times as much as one may. */
static size_t enough(void)
{
    return blob_bytes_held() < MUCH_BYTES ? FRAMED_BYTES : FRAMED_BYTES_SCARCE;
}

static int frame_one_by_one(struct buf *b, struct log_reader *reader, int64_t *last_id,
                            struct err *e)
{
    struct log_item item;
    size_t limit = enough();
    int r = 0;
    while (b->len < limit && (r = log_reader_next(reader, &item, e)) == 1) {
        log_event_put_line(b, &item);
        *last_id = item.id;
    }
    return r < 0 ? r : 0;
}

static int frame_batches(struct buf *b, struct log_reader *reader, int64_t *last_id, struct err *e)
{
    struct log_item item;
    size_t limit = enough();
    size_t in_batch = 0;
    int r = 0;
    while (b->len < limit && (r = log_reader_next(reader, &item, e)) == 1) {
        if (in_batch == 0)
            log_event_open_batch(b);
        log_event_put_batched(b, &item);
        *last_id = item.id;
        if (++in_batch == LOG_EVENT_BATCH_LINES) {
            log_event_close_batch(b, *last_id);
            in_batch = 0;
        }
    }
    if (in_batch > 0)
        log_event_close_batch(b, *last_id);
    return r < 0 ? r : 0;
}

int framed_lines_make(struct framed_lines *f, const struct log_source *source, int64_t after_id,
                      bool batch, struct err *e)
{
    if (f->is_made && f->after_id == after_id && f->batch == batch)
        return 0;

    CLEANUP(buf_done) struct buf b;
    buf_init(&b, FRAMED_BYTES_MAX);
    CLEANUP(log_reader_done) struct log_reader reader;
    int64_t last_id = after_id;
    log_reader_init(&reader, source, after_id, INT64_MAX);
    int r = batch ? frame_batches(&b, &reader, &last_id, e)
                  : frame_one_by_one(&b, &reader, &last_id, e);
    if (r < 0)
        return r;
    if (!buf_ok(&b))
        return err_set(e, ERR_INTERNAL, "frame log lines: out of memory");

    framed_lines_done(f);
    *f = (struct framed_lines){
        .is_made = true, .after_id = after_id, .last_id = last_id, .batch = batch};
    if (last_id > after_id)
        f->blob = blob_take(&b);
    return 0;
}

void framed_lines_done(struct framed_lines *f)
{
    blob_unref(f->blob);
    *f = (struct framed_lines){0};
}
