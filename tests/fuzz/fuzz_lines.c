/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's output: cut into lines, packed for the way and unpacked, it is what was printed.
 * The first byte says how large the pieces are in which it is read.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "logs/log_chunk.h"
#include "model/limits.h"
#include "shim/line_splitter.h"

#define OUTPUT_MAX_BYTES ((size_t)1 << 20)

struct printed {
    struct buf text;    /* the lines with their newlines again */
    struct buf records; /* model/log_record.h */
    struct log_chunk_writer *writer;
    struct buf chunks;
    uint64_t next_id;
};

static void on_record(void *ctx, const struct log_record *record)
{
    struct printed *printed = ctx;
    FUZZ_ASSERT(record->n <= LIMIT_LOG_LINE_BYTES && record->stream == LOG_STREAM_STDOUT);
    FUZZ_ASSERT(memchr(record->payload, '\n', record->n) == NULL);
    buf_add(&printed->text, record->payload, record->n);
    if ((record->flags & LOG_RECORD_PARTIAL) == 0)
        buf_add_char(&printed->text, '\n');
    log_record_append(&printed->records, record);
    printed->next_id++;
    if (printed->writer != NULL && !log_chunk_add(printed->writer, record)) {
        log_chunk_seal(printed->writer, 1, &printed->chunks);
        FUZZ_ASSERT(log_chunk_add(printed->writer, record));
    }
}

static void print(struct printed *printed, const uint8_t *data, size_t n, size_t step)
{
    struct line_splitter splitter;
    FUZZ_ASSERT(line_splitter_init(&splitter, LOG_STREAM_STDOUT, NULL) == 0);
    for (size_t at = 0, piece; at < n; at += piece) {
        size_t room_n;
        char *room = line_splitter_room(&splitter, &room_n);
        FUZZ_ASSERT(room_n >= LINE_SPLITTER_READ_BYTES);
        piece = n - at < step ? n - at : step;
        piece = piece < room_n ? piece : room_n;
        memcpy(room, data + at, piece);
        line_splitter_take(&splitter, piece, 1, on_record, printed);
    }
    line_splitter_finish(&splitter, 1, on_record, printed);
    line_splitter_done(&splitter);
}

static void init(struct printed *printed, struct log_chunk_writer *writer)
{
    *printed = (struct printed){.writer = writer};
    buf_init(&printed->text, OUTPUT_MAX_BYTES);
    buf_init(&printed->records, OUTPUT_MAX_BYTES * 20);
    buf_init(&printed->chunks, OUTPUT_MAX_BYTES * 20);
}

static void done(struct printed *printed)
{
    buf_done(&printed->text);
    buf_done(&printed->records);
    buf_done(&printed->chunks);
}

static void check_chunks(const struct printed *printed)
{
    struct log_chunk_reader reader;
    struct log_chunk_header header;
    struct log_record record;
    CLEANUP(buf_done) struct buf records;
    buf_init(&records, OUTPUT_MAX_BYTES * 20);
    log_chunk_reader_init(&reader);
    uint64_t id = 1;
    for (size_t at = 0; at < printed->chunks.len;
         at += LOG_CHUNK_HEADER_BYTES + header.body_bytes) {
        const char *chunk = printed->chunks.data + at;
        size_t left = printed->chunks.len - at;
        FUZZ_ASSERT(log_chunk_check(chunk, left, &header, NULL) == 0 && header.first_id == id);
        FUZZ_ASSERT(log_chunk_open(&reader, chunk, left, NULL) == 0);
        id += header.n_lines;
        while (log_chunk_next(&reader, &record, NULL) == 1)
            log_record_append(&records, &record);
    }
    FUZZ_ASSERT(id == printed->next_id + 1);
    FUZZ_ASSERT(records.len == printed->records.len);
    FUZZ_ASSERT(records.len == 0 || memcmp(records.data, printed->records.data, records.len) == 0);
    log_chunk_reader_done(&reader);
}

static void check_text(const struct printed *printed, const uint8_t *data, size_t n)
{
    bool is_open = n > 0 && data[n - 1] != '\n';
    FUZZ_ASSERT(printed->text.len == n + is_open);
    FUZZ_ASSERT(n == 0 || memcmp(printed->text.data, data, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct log_chunk_writer writer;
    static bool is_open;
    struct printed whole;
    struct printed cut;
    if (n == 0 || n > OUTPUT_MAX_BYTES / 4)
        return 0;
    if (!is_open)
        FUZZ_ASSERT(log_chunk_writer_init(&writer, NULL) == 0);
    is_open = true;
    log_chunk_begin(&writer, 1);
    init(&whole, &writer);
    init(&cut, NULL);
    print(&whole, data + 1, n - 1, LINE_SPLITTER_READ_BYTES);
    print(&cut, data + 1, n - 1, (size_t)data[0] + 1);
    log_chunk_seal(&writer, 1, &whole.chunks);
    check_text(&whole, data + 1, n - 1);
    check_text(&cut, data + 1, n - 1);
    FUZZ_ASSERT(whole.records.len == cut.records.len);
    FUZZ_ASSERT(whole.records.len == 0 ||
                memcmp(whole.records.data, cut.records.data, cut.records.len) == 0);
    check_chunks(&whole);
    done(&whole);
    done(&cut);
    return 0;
}
