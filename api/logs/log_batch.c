/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of one attempt that follow each other make one span; a frame that does not follow is not
 * stored and is answered with how far the span's log is, from where the agent goes on.
 */
#include "logs/log_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "logs/log_frame.h"
#include "model/limits.h"
#include "wire/log_ack.h"

#include "metrics/figures.h"

#define NO_SPAN SIZE_MAX /* of a frame that is refused for itself */

struct span {
    struct log_span lines;
    struct log_append_result result;
    int64_t last_ts_us; /* of its last line, by the hypervisor's clock */
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
                .first_id = (int64_t)frame->chunk.first_id,
                .last_id = (int64_t)frame->chunk.first_id - 1,
            },
    };
    return batch->spans_n++;
}

static void add_piece(struct log_batch *batch, size_t span, const struct log_frame *frame)
{
    struct log_span *lines = &batch->spans[span].lines;
    if ((int64_t)frame->chunk.first_id != lines->last_id + 1)
        return;
    lines->last_id += frame->chunk.n_lines;
    batch->spans[span].last_ts_us = frame->chunk.last_ts_us;
    batch->pieces[batch->pieces_n++] = (struct piece){
        .span = span,
        .chunk =
            {
                .first_id = (int64_t)frame->chunk.first_id,
                .last_id = lines->last_id,
                .records = {frame->bytes, frame->n},
                .raw_bytes = frame->chunk.raw_bytes,
            },
    };
}

static void add_frame(struct log_batch *batch, const struct log_frame *frame)
{
    size_t span = NO_SPAN;
    if (frame->is_whole) {
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
    batch->spans_n = batch->pieces_n = batch->answers_n = 0;

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

bool log_batch_is_empty(const struct log_batch *batch)
{
    return batch->spans_n == 0;
}

/* Add the pieces of `span`, counted from 1, to what is sent. */
static size_t select_pieces(struct log_batch *batch, size_t span, size_t chunks_n)
{
    for (size_t i = 0; i < batch->pieces_n; i++) {
        if (batch->pieces[i].span != span)
            continue;
        batch->sent_chunks[chunks_n] = batch->pieces[i].chunk;
        batch->sent_chunks[chunks_n++].span = (int64_t)span + 1;
    }
    return chunks_n;
}

void log_batch_params(struct log_batch *batch, struct id hypervisor, struct params *p)
{
    size_t chunks_n = 0;
    for (size_t i = 0; i < batch->spans_n; i++) {
        batch->sent_spans[i] = batch->spans[i].lines;
        chunks_n = select_pieces(batch, i, chunks_n);
    }
    log_store_append_params(p, hypervisor, batch->sent_spans, batch->spans_n, batch->sent_chunks,
                            chunks_n);
}

void log_batch_settle(struct log_batch *batch, const struct rows *rows)
{
    assert((size_t)rows_count(rows) == batch->spans_n);
    for (size_t i = 0; i < batch->spans_n; i++)
        log_store_read_append(rows, (int)i, &batch->spans[i].result);
}

void log_batch_each_stored(const struct log_batch *batch, void (*visit)(void *user, struct id run),
                           void *user)
{
    for (size_t i = 0; i < batch->spans_n; i++) {
        if (batch->spans[i].result.verdict == LOG_STORED)
            visit(user, batch->spans[i].lines.run);
    }
}

void log_batch_each_passing(const struct log_batch *batch,
                            void (*visit)(void *user, struct id run,
                                          const struct log_passing *lines),
                            void *user)
{
    for (size_t i = 0; i < batch->pieces_n; i++) {
        const struct piece *piece = &batch->pieces[i];
        const struct span *span = &batch->spans[piece->span];
        if (span->result.verdict != LOG_STORED || !span->result.is_transient)
            continue;
        visit(user, span->lines.run,
              &(struct log_passing){
                  .attempt = (uint32_t)span->lines.attempt,
                  .first_id = piece->chunk.first_id,
                  .last_id = piece->chunk.last_id,
                  .bytes = piece->chunk.records.bytes,
                  .n = piece->chunk.records.n,
              });
    }
}

void log_batch_count(const struct log_batch *batch, struct figures *figures)
{
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < batch->spans_n; i++) {
        const struct span *span = &batch->spans[i];
        if (span->result.verdict == LOG_STORED)
            figures_time(figures, TIMING_LOG_LAG, now_us - span->last_ts_us);
    }
    for (size_t i = 0; i < batch->pieces_n; i++) {
        const struct piece *piece = &batch->pieces[i];
        if (batch->spans[piece->span].result.verdict != LOG_STORED)
            continue;
        figures_add(figures, FIGURE_LOG_LINES, piece->chunk.last_id - piece->chunk.first_id + 1);
        figures_add(figures, FIGURE_LOG_BYTES, piece->chunk.raw_bytes);
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
