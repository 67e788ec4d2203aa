/* SPDX-License-Identifier: Apache-2.0
 *
 * One read is on its way, or what one brought is being sent, never both: the client's pace is the
 * pace of the reads.
 */
#include "logs/log_download.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "model/limits.h"

#include "http/gzip.h"
#include "http/reply.h"
#include "http/stream.h"
#include "logs/log_event.h"
#include "logs/log_topic.h"

#define PIECE_BYTES_MAX (4 << 20) /* of one read's lines, as JSON that is all escapes */

struct download {
    struct loop *loop;
    struct stream *stream; /* NULL: it has ended */
    struct log_query query;
    struct gzip *gzip; /* owned; NULL: as it is */
    int64_t last_id;   /* looked at up to here */
    int64_t to_id;     /* and this is the end */
    int64_t left;      /* entries that may come */
    bool is_reading;
    char q[LIMIT_LOG_QUERY_BYTES + 1];
};

static void free_when_unused(struct download *d)
{
    if (d->is_reading || d->stream != NULL)
        return;
    gzip_free(d->gzip);
    free(d);
}

static void put_item(const struct download *d, const struct log_item *item, struct buf *b)
{
    if (d->query.format == LOG_FORMAT_NDJSON)
        log_entry_put(b, item);
    else
        buf_add(b, item->record.payload, item->record.n);
    bool goes_on = (item->record.flags & LOG_RECORD_PARTIAL) != 0;
    if (d->query.format == LOG_FORMAT_NDJSON || !goes_on)
        buf_add_char(b, '\n');
}

static int put_items(struct download *d, const struct rows *rows, const struct log_run *run,
                     struct buf *b, struct err *e)
{
    CLEANUP(log_reader_done) struct log_reader reader;
    struct log_item item;
    int64_t before = d->last_id;
    int r = 0;
    const struct log_source source = {.run = run, .rows = rows};
    log_reader_init(&reader, &source, d->last_id, d->to_id);
    while (d->left > 0 && (r = log_reader_next(&reader, &item, e)) == 1) {
        d->last_id = item.id;
        if (!log_query_wants(&d->query, &item))
            continue;
        put_item(d, &item, b);
        d->left--;
    }
    if (r == 0 && d->left > 0 && d->last_id == before && d->last_id < d->to_id)
        return err_set(e, ERR_INTERNAL, "stored log lacks line %" PRId64, d->last_id + 1);
    return r < 0 ? r : 0;
}

static bool is_at_end(const struct download *d)
{
    return d->last_id >= d->to_id || d->left == 0;
}

static void pack(struct download *d, struct buf *plain, struct buf *packed)
{
    gzip_put(d->gzip, plain->data, plain->len, packed);
    if (is_at_end(d))
        gzip_end(d->gzip, packed);
}

static void fail(struct download *d, const struct err *e)
{
    log_error("log.unreadable run=%s error=\"%s\"", ID_TEXT(d->query.run), e->msg);
    stream_abort(TAKE_PTR(d->stream));
    free_when_unused(d);
}

static void read_on(struct download *d);

/* May free the download. */
static void feed(struct download *d, const struct rows *rows, const struct log_run *run)
{
    struct err e;
    CLEANUP(buf_done) struct buf plain;
    CLEANUP(buf_done) struct buf packed;
    buf_init(&plain, PIECE_BYTES_MAX);
    buf_init(&packed, PIECE_BYTES_MAX);
    if (put_items(d, rows, run, &plain, &e) < 0) {
        fail(d, &e);
        return;
    }
    struct buf *out = &plain;
    if (d->gzip != NULL) {
        pack(d, &plain, &packed);
        out = &packed;
    }
    if (!buf_ok(&plain) || !buf_ok(out)) {
        (void)err_set(&e, ERR_INTERNAL, "download: out of memory");
        fail(d, &e);
        return;
    }
    if (out->len > 0) {
        struct blob *blob = blob_take(out);
        stream_push(d->stream, blob);
        blob_unref(blob);
    }
    if (is_at_end(d)) {
        stream_finish(TAKE_PTR(d->stream));
        free_when_unused(d);
    } else if (stream_has_room(d->stream)) {
        read_on(d); /* nothing of this was wanted */
    } else {
        stream_flush(d->stream);
    }
}

static void on_read(void *user, const struct rows *rows, const struct err *err)
{
    struct download *d = user;
    struct log_run run;
    struct err e = {0};
    d->is_reading = false;
    if (d->stream == NULL) {
        free_when_unused(d);
    } else if (err != NULL) {
        fail(d, err);
    } else if (!log_store_read_run(rows, &run)) {
        (void)err_set(&e, ERR_NOT_FOUND, "the run is gone");
        fail(d, &e);
    } else {
        feed(d, rows, &run);
    }
}

static void read_on(struct download *d)
{
    struct params p;
    log_query_go_on(&d->query, d->last_id);
    log_query_params(&d->query, &p);
    d->is_reading = true;
    db_pipe_run(d->loop->db, &log_store_page, &p, on_read, d);
}

static void on_room(void *user)
{
    struct download *d = user;
    if (!d->is_reading)
        read_on(d);
}

static void on_beat(void *user)
{
    (void)user; /* a file has no room for signs of life */
}

static void on_gone(void *user)
{
    struct download *d = user;
    d->stream = NULL;
    free_when_unused(d);
}

static const struct stream_events events = {on_room, on_beat, on_gone};

/* RFC 9110, 12.5.3, as far as clients use it: a coding is wanted unless its weight is 0. */
static bool takes_gzip(struct request *rq)
{
    const char *at = request_header(rq, "accept-encoding");
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ",");
        const char *name = at + strspn(at, " \t");
        size_t name_n = strcspn(name, " \t;,");
        const char *weight = memmem(at, n, "q=0", 3);
        bool is_refused = weight != NULL && strspn(weight + 3, ".0") == strcspn(weight + 3, " ,");
        if (name_n == 4 && strncasecmp(name, "gzip", 4) == 0)
            return !is_refused;
        at += n + (at[n] == ',');
    }
    return false;
}

static void put_headers(struct request *rq, const struct download *d, const struct log_run *run)
{
    char text[96];
    (void)snprintf(text, sizeof(text), "attachment; filename=\"run-%s.%s\"", ID_TEXT(d->query.run),
                   d->query.format == LOG_FORMAT_TEXT ? "log" : "ndjson");
    reply_header(rq, "content-disposition", text);
    (void)snprintf(text, sizeof(text), "%" PRId64, d->to_id);
    reply_header(rq, "x-errand-log-last-id", text);
    bool is_whole = log_run_is_complete(run) && d->to_id >= run->end;
    reply_header(rq, "x-errand-log-complete", is_whole ? "true" : "false");
    reply_header(rq, "vary", "accept-encoding");
    if (d->gzip != NULL)
        reply_header(rq, "content-encoding", "gzip");
}

static int64_t end_of(const struct log_query *query, const struct log_run *run)
{
    int64_t end = run->is_given_up ? run->end : run->stored;
    int64_t wanted = log_query_last_id(query);
    return end < wanted ? end : wanted;
}

void log_download_start(struct request *rq, const struct log_query *query,
                        const struct log_run *run, const struct rows *rows)
{
    struct download *d = h2o_mem_alloc(sizeof(*d));
    *d = (struct download){
        .loop = rq->loop,
        .query = *query,
        .gzip = takes_gzip(rq) ? gzip_new() : NULL,
        .last_id = log_store_after_id(rows),
        .to_id = end_of(query, run),
        .left = query->limit,
    };
    if (query->words.text != NULL) {
        (void)snprintf(d->q, sizeof(d->q), "%s", query->words.text);
        d->query.words.text = d->q;
    }
    put_headers(rq, d, run);
    const char *type =
        query->format == LOG_FORMAT_TEXT ? "text/plain; charset=utf-8" : "application/x-ndjson";
    d->stream = stream_open(rq, type, &rq->loop->logs->beat, &events, d);
    if (d->stream == NULL)
        free_when_unused(d);
    else
        feed(d, rows, run);
}
