/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of the stream of assignments: what was understood, written again, is understood as the
 * same.
 */
#include "fuzz/fuzz.h"

#include "wire/assignment_line.h"

static void put_warm(struct buf *out, const struct assignment_line *line)
{
    assignment_line_open_warm(out);
    for (size_t i = 0; i < line->warm_n; i++)
        assignment_line_put_pin(out, &line->warm[i]);
    assignment_line_close_warm(out);
}

static void put_line(struct buf *out, const struct assignment_line *line)
{
    switch (line->type) {
    case ASSIGNMENT_LINE_SYNC:
        assignment_line_put_sync(out, line->sync, line->sync_n);
        break;
    case ASSIGNMENT_LINE_ASSIGN:
        FUZZ_ASSERT(line->assign.argv == NULL || line->assign.command == NULL);
        assignment_line_put_assign(out, &line->assign);
        break;
    case ASSIGNMENT_LINE_STOP:
        FUZZ_ASSERT(line->stop.stop && line->stop.attempt >= 1);
        assignment_line_put_stop(out, line->stop.run_id, line->stop.attempt);
        break;
    case ASSIGNMENT_LINE_WARM:
        put_warm(out, line);
        break;
    case ASSIGNMENT_LINE_PING:
        assignment_line_put_ping(out);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct assignment_line line;
    struct assignment_line same;
    CLEANUP(buf_done) struct buf text;
    CLEANUP(buf_done) struct buf again;
    buf_init(&text, (size_t)16 << 20);
    buf_init(&again, (size_t)16 << 20);
    if (assignment_line_parse((const char *)data, n, &line, NULL) < 0)
        return 0;
    put_line(&text, &line);
    const char *end = memchr(buf_text(&text), '\n', text.len);
    FUZZ_ASSERT(end == text.data + text.len - 1); /* one line */
    FUZZ_ASSERT(assignment_line_parse(text.data, text.len - 1, &same, NULL) == 0);
    put_line(&again, &same);
    FUZZ_ASSERT(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    assignment_line_done(&line);
    assignment_line_done(&same);
    return 0;
}
