/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of one attempt that follow each other make one span; a frame that does not follow is not
 * stored and is answered with how far the span's log is, from where the agent goes on.
 */
#include "log_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "model/limits.h"
#include "model/log_record.h"
#include "wire/log_frame.h"

#define NO_SPAN SIZE_MAX /* of a frame that is refused for itself */

struct span {
    struct log_span lines;
    struct log_append_result result;
    bool is_open;
};

struct piece {
    size_t span;
    struct log_chunk chunk;
};

struct answer {
    struct id run;
    uint32_t attempt;
    size_t span;
};

/* The arrays have room for as many as there are frames. */
struct log_batch {
    size_t spans_n;
    size_t pieces_n;
    size_t answers_n;
    struct span spans[LIMIT_LOG_FRAMES];
    struct piece pieces[LIMIT_LOG_FRAMES];
    struct answer answers[LIMIT_LOG_FRAMES];
    /* what log_batch_params() sent */
    size_t sent_n;
    size_t sent[LIMIT_LOG_FRAMES]; /* spans, in order */
    struct log_span sent_spans[LIMIT_LOG_FRAMES];
    struct log_chunk sent_chunks[LIMIT_LOG_FRAMES];
};

/* Frames of a run mostly follow each other, so look from the end. */
static size_t find_span(const struct log_batch *batch, const struct log_frame *frame)
{
    for (size_t i = batch->spans_n; i > 0; i--) {
        const struct log_span *lines = &batch->spans[i - 1].lines;
        if (lines->attempt == frame->attempt && id_equal(lines->run, frame->run_id))
            return i - 1;
    }
    return NO_SPAN;
}

static size_t add_span(struct log_batch *batch, const struct log_frame *frame)
{
    batch->spans[batch->spans_n] = (struct span){
        .lines =
            {
                .run = frame->run_id,
                .attempt = frame->attempt,
                .first_id = (int64_t)frame->first_id,
                .last_id = (int64_t)frame->first_id - 1,
            },
        .is_open = true,
    };
    return batch->spans_n++;
}

static void add_piece(struct log_batch *batch, size_t span, const struct log_frame *frame)
{
    struct log_span *lines = &batch->spans[span].lines;
    if ((int64_t)frame->first_id != lines->last_id + 1)
        return;
    lines->last_id += frame->n_records;
    batch->pieces[batch->pieces_n++] = (struct piece){
        .span = span,
        .chunk =
            {
                .first_id = (int64_t)frame->first_id,
                .last_id = lines->last_id,
                .records = {frame->records, frame->n_bytes},
            },
    };
}

static bool is_whole(const struct log_frame *frame)
{
    struct log_range extent =
        log_record_scan(frame->records, frame->n_bytes, (uint64_t)frame->n_records + 1);
    return extent.records == frame->n_records && extent.bytes == frame->n_bytes;
}

static void add_frame(struct log_batch *batch, const struct log_frame *frame)
{
    size_t span = NO_SPAN;
    if (is_whole(frame)) {
        span = find_span(batch, frame);
        if (span == NO_SPAN)
            span = add_span(batch, frame);
        add_piece(batch, span, frame);
    }
    batch->answers[batch->answers_n++] =
        (struct answer){.run = frame->run_id, .attempt = frame->attempt, .span = span};
}

int log_batch_parse(const void *bytes, size_t n, struct log_batch **ret_batch, struct err *e)
{
    CLEANUP(log_batch_freep) struct log_batch *batch = malloc(sizeof(*batch));
    if (batch == NULL)
        return err_set(e, ERR_INTERNAL, "read log frames: out of memory");
    batch->spans_n = batch->pieces_n = batch->answers_n = batch->sent_n = 0;

    const char *at = bytes;
    while (n > 0) {
        struct log_frame frame;
        size_t used;
        if (batch->answers_n == LIMIT_LOG_FRAMES)
            return err_set(e, ERR_LIMIT, "more than %d log frames", LIMIT_LOG_FRAMES);
        int r = log_frame_parse(at, n, &frame, &used, e);
        if (r < 0)
            return r;
        add_frame(batch, &frame);
        at += used;
        n -= used;
    }
    *ret_batch = TAKE_PTR(batch);
    return 0;
}

void log_batch_free(struct log_batch *batch)
{
    free(batch);
}

void log_batch_freep(struct log_batch **batch)
{
    log_batch_free(*batch);
}

bool log_batch_is_open(const struct log_batch *batch)
{
    for (size_t i = 0; i < batch->spans_n; i++) {
        if (batch->spans[i].is_open)
            return true;
    }
    return false;
}

/* Add the pieces of `span` to what is sent as span number `number`. */
static size_t select_pieces(struct log_batch *batch, size_t span, int64_t number, size_t chunks_n)
{
    for (size_t i = 0; i < batch->pieces_n; i++) {
        const struct piece *piece = &batch->pieces[i];
        if (piece->span != span || piece->chunk.records.n == 0)
            continue;
        batch->sent_chunks[chunks_n] = piece->chunk;
        batch->sent_chunks[chunks_n++].span = number;
    }
    return chunks_n;
}

void log_batch_params(struct log_batch *batch, struct id hypervisor, struct params *p)
{
    size_t chunks_n = 0;
    batch->sent_n = 0;
    for (size_t i = 0; i < batch->spans_n; i++) {
        if (!batch->spans[i].is_open)
            continue;
        batch->sent_spans[batch->sent_n] = batch->spans[i].lines;
        batch->sent[batch->sent_n++] = i;
        chunks_n = select_pieces(batch, i, (int64_t)batch->sent_n, chunks_n);
    }
    log_store_append_params(p, hypervisor, batch->sent_spans, batch->sent_n, batch->sent_chunks,
                            chunks_n);
}

/* Cut what a piece has up to `stored`. */
static void cut_piece(struct log_chunk *chunk, int64_t stored)
{
    if (chunk->first_id > stored)
        return;
    int64_t surplus = (stored < chunk->last_id ? stored : chunk->last_id) - chunk->first_id + 1;
    struct log_range extent =
        log_record_scan(chunk->records.bytes, chunk->records.n, (uint64_t)surplus);
    chunk->first_id += surplus;
    chunk->records.bytes = (const char *)chunk->records.bytes + extent.bytes;
    chunk->records.n -= extent.bytes;
}

/* True when lines after `stored` remain. */
static bool cut_span(struct log_batch *batch, size_t span, int64_t stored)
{
    struct log_span *lines = &batch->spans[span].lines;
    if (stored < lines->first_id || stored >= lines->last_id)
        return false;
    lines->first_id = stored + 1;
    for (size_t i = 0; i < batch->pieces_n; i++) {
        if (batch->pieces[i].span == span)
            cut_piece(&batch->pieces[i].chunk, stored);
    }
    return true;
}

bool log_batch_settle(struct log_batch *batch, const struct rows *rows)
{
    assert((size_t)rows_count(rows) == batch->sent_n);
    bool is_open = false;
    for (size_t i = 0; i < batch->sent_n; i++) {
        struct span *span = &batch->spans[batch->sent[i]];
        log_store_read_append(rows, (int)i, &span->result);
        span->is_open = span->result.verdict == LOG_NOT_STORED &&
                        cut_span(batch, batch->sent[i], span->result.last_id);
        is_open = is_open || span->is_open;
    }
    return is_open;
}

void log_batch_each_stored(const struct log_batch *batch, void (*visit)(void *user, struct id run),
                           void *user)
{
    for (size_t i = 0; i < batch->spans_n; i++) {
        if (batch->spans[i].result.verdict == LOG_STORED)
            visit(user, batch->spans[i].lines.run);
    }
}

static struct log_ack ack_of(const struct log_batch *batch, const struct answer *answer)
{
    struct log_ack ack = {.run_id = answer->run, .attempt = answer->attempt};
    if (answer->span == NO_SPAN) {
        ack.code = err_wire_name(ERR_INVALID);
        return ack;
    }
    const struct log_append_result *result = &batch->spans[answer->span].result;
    if (result->verdict == LOG_REFUSED)
        ack.code = err_wire_name(ERR_CONFLICT);
    else if (result->verdict == LOG_NO_RUN)
        ack.code = err_wire_name(ERR_NOT_FOUND);
    else
        ack.last_id = (uint64_t)result->last_id;
    return ack;
}

void log_batch_put_answer(const struct log_batch *batch, struct buf *b)
{
    struct log_ack acks[LIMIT_LOG_FRAMES];
    for (size_t i = 0; i < batch->answers_n; i++)
        acks[i] = ack_of(batch, &batch->answers[i]);
    log_ack_list_put(b, acks, batch->answers_n);
}
