/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/log_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "model/log_id.h"

static const char *const why[] = {
    [LOG_GAP_NONE] = "",
    [LOG_GAP_LOST] = "the hypervisor did not deliver them",
    [LOG_GAP_DELETED] = "they were deleted",
    [LOG_GAP_EXPIRED] = "they were kept as long as logs are kept here",
    [LOG_GAP_TRANSIENT] = "this log is passed on live and not stored",
};
_Static_assert(sizeof(why) / sizeof(why[0]) == LOG_GAP_COUNT, "a reason a gap");

struct log_item log_reader_gap(int64_t first_id, int64_t last_id, enum log_gap gap, char *words,
                               size_t words_n)
{
    if (first_id == last_id)
        (void)snprintf(words, words_n, "Line %" PRId64 " is missing: %s", log_id_line(first_id),
                       why[gap]);
    else
        (void)snprintf(words, words_n, "Lines %" PRId64 " to %" PRId64 " are missing: %s",
                       log_id_line(first_id), log_id_line(last_id), why[gap]);
    return (struct log_item){
        .first_id = first_id,
        .id = last_id,
        .gap = gap,
        .record =
            {
                .ts_us = clock_now_us(),
                .stream = LOG_STREAM_SYSTEM,
                .payload = words,
                .n = strlen(words),
            },
    };
}

void log_reader_init(struct log_reader *reader, const struct log_source *source, int64_t after_id,
                     int64_t to_id)
{
    reader->source = *source;
    reader->next_id = after_id + 1;
    reader->to_id = to_id;
    log_lines_init(&reader->lines, source->rows, after_id);
}

void log_reader_done(struct log_reader *reader)
{
    log_lines_done(&reader->lines);
}

static int take_gap(struct log_reader *reader, int64_t last_id, enum log_gap gap,
                    struct log_item *ret_item)
{
    if (last_id > reader->to_id)
        last_id = reader->to_id;
    *ret_item = log_reader_gap(reader->next_id, last_id, gap, reader->words, sizeof(reader->words));
    reader->next_id = last_id + 1;
    return 1;
}

static int take_line(struct log_reader *reader, struct log_item *ret_item, struct err *e)
{
    struct log_line line;
    int r = log_lines_next(&reader->lines, &line, e);
    if (r != 1)
        return r;
    *ret_item = (struct log_item){
        .first_id = reader->next_id,
        .id = line.id < reader->to_id ? line.id : reader->to_id,
        .gap = line.id > reader->next_id ? LOG_GAP_LOST : LOG_GAP_NONE,
        .record = line.record,
    };
    reader->next_id = line.id + 1;
    return 1;
}

/* 1 and the line `next_id` of the chunk, when it is open and holds it. */
static int take_of_chunk(struct log_reader *reader, struct log_item *ret_item, struct err *e)
{
    struct log_chunk_reader *chunk = &reader->lines.chunk;
    int64_t base = log_id_base(reader->source.run->attempt);
    struct log_record record;
    int64_t id;
    int r;
    do {
        r = log_chunk_next(chunk, &record, e);
        id = base + (int64_t)chunk->next_id - 1;
    } while (r == 1 && id < reader->next_id);
    if (r != 1)
        return r;
    *ret_item = (struct log_item){
        .first_id = reader->next_id,
        .id = id,
        .gap = id > reader->next_id ? LOG_GAP_LOST : LOG_GAP_NONE,
        .record = record,
    };
    reader->next_id = id + 1;
    return 1;
}

static int take_relayed(struct log_reader *reader, struct log_item *ret_item, struct err *e)
{
    const struct log_relay *relay = reader->source.relay;
    if (reader->next_id <= log_relay_gone_id(relay))
        return take_gap(reader, log_relay_gone_id(relay), LOG_GAP_TRANSIENT, ret_item);
    int r = take_of_chunk(reader, ret_item, e);
    while (r == 0) {
        const struct log_relay_chunk *chunk = log_relay_find(relay, reader->next_id);
        if (chunk == NULL)
            return 0;
        if (chunk->n == 0)
            return take_gap(reader, chunk->last_id, LOG_GAP_TRANSIENT, ret_item);
        r = log_chunk_open(&reader->lines.chunk, chunk->bytes, chunk->n, e);
        if (r == 0)
            r = take_of_chunk(reader, ret_item, e);
        if (r == 0)
            return err_set(e, ERR_INTERNAL, "line %" PRId64 " is not in its chunk",
                           reader->next_id);
    }
    return r;
}

int log_reader_next(struct log_reader *reader, struct log_item *ret_item, struct err *e)
{
    const struct log_run *run = reader->source.run;
    if (reader->next_id > reader->to_id)
        return 0;
    int r = 0;
    if (reader->source.relay != NULL)
        r = take_relayed(reader, ret_item, e);
    else if (reader->next_id <= run->stored)
        return run->hidden != LOG_GAP_NONE ? take_gap(reader, run->stored, run->hidden, ret_item)
                                           : take_line(reader, ret_item, e);
    if (r == 0 && run->is_given_up && reader->next_id > run->stored && reader->next_id <= run->end)
        return take_gap(reader, run->end, LOG_GAP_LOST, ret_item);
    return r;
}
