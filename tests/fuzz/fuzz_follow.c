/* SPDX-License-Identifier: Apache-2.0
 *
 * A run's stream, any bytes, in any pieces: whatever comes, a caller of errand_follow gets lines
 * numbered without a gap that it is not told of, none twice, and an end only after the last. The
 * first byte says how large the pieces are; a connection ends at each fault, as in a real follow.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "buffer.h"
#include "follow.h"

#define LIMIT_BYTES (1 << 20)

struct reader {
    int64_t last_id; /* the last line seen, or told to be missing */
    int told; /* it was told to be missing: the server's word about it may come as its line */
};

/* Whether `id` is the next one: of this attempt, or the first of a later one. */
static int is_next(const struct reader *reader, int64_t id)
{
    int64_t first = ((id - 1) >> 40 << 40) + 1;

    return id == reader->last_id + 1 || (id == first && first > reader->last_id);
}

static int on_line(const errand_log_line *line, void *user)
{
    struct reader *reader = user;

    FUZZ_ASSERT(is_next(reader, line->id) || (reader->told && line->id == reader->last_id));
    FUZZ_ASSERT(line->bytes[line->n_bytes] == '\0' && line->time != NULL);
    reader->last_id = line->id;
    reader->told = 0;
    return 0;
}

static int on_gap(int64_t first_id, int64_t last_id, void *user)
{
    struct reader *reader = user;

    FUZZ_ASSERT(is_next(reader, first_id) && last_id >= first_id);
    reader->last_id = last_id;
    reader->told = 1;
    return 0;
}

static int on_status(const errand_status_event *event, void *user)
{
    (void)user;
    FUZZ_ASSERT(event->hypervisor != NULL && event->pending_reason != NULL && event->json != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct reader reader = {0};
    struct follow follow = {
        .options = {.on_line = on_line, .on_gap = on_gap, .on_status = on_status, .user = &reader}};
    const errand_follow_result nothing = ERRAND_FOLLOW_RESULT_INIT;
    struct errand_sse sse;
    size_t step = n > 0 ? (size_t)data[0] + 1 : 1;

    follow.result = nothing;
    errand_sse_init(&sse, LIMIT_BYTES, NULL);
    for (size_t at = 1; at < n; at += step) {
        size_t n_piece = n - at < step ? n - at : step;
        int r =
            errand_sse_feed(&sse, (const char *)data + at, n_piece, errand_follow_event, &follow);

        FUZZ_ASSERT(follow.result.last_id >= reader.last_id);
        if (r == FOLLOW_FINISHED) {
            FUZZ_ASSERT(follow.result.status >= ERRAND_RUN_SUCCEEDED);
            break;
        }
        if (r != FOLLOW_GO_ON)
            errand_sse_reset(&sse); /* the next connection */
    }
    errand_sse_done(&sse);
    return 0;
}
