/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine's answer and the frames in its body, cut into pieces: however it is cut, the same bytes
 * come out and the same is refused. The first byte says how large the pieces are.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "engine/http_response.h"
#include "engine/stream_frames.h"

#include <string.h>

#define OUTPUT_MAX_BYTES ((size_t)4 << 20)

struct reading {
    struct http_response response;
    struct stream_frames frames;
    struct buf out; /* stream and byte of all payloads */
    int result;
    int frames_result;
    int end;
};

static void read_frames(struct reading *r, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n && r->frames_result == 0;) {
        struct stream_piece piece;
        r->frames_result = stream_frames_take(&r->frames, bytes + at, n - at, &piece, NULL);
        if (r->frames_result < 0)
            return;
        FUZZ_ASSERT(piece.taken > 0 && piece.taken <= n - at && piece.n <= piece.taken);
        for (size_t i = 0; i < piece.n; i++) {
            buf_add_char(&r->out, (char)('0' + (int)piece.name));
            buf_add_char(&r->out, piece.payload[i]);
        }
        at += piece.taken;
    }
}

static void read_all(struct reading *r, const char *bytes, size_t n, size_t step)
{
    http_response_init(&r->response);
    stream_frames_init(&r->frames);
    buf_init(&r->out, OUTPUT_MAX_BYTES);
    for (size_t at = 0; at < n && !http_response_is_done(&r->response);) {
        struct http_piece piece;
        size_t part = n - at < step ? n - at : step;
        r->result = http_response_take(&r->response, bytes + at, part, &piece, NULL);
        if (r->result < 0)
            return;
        FUZZ_ASSERT(piece.taken <= part && piece.n <= piece.taken);
        FUZZ_ASSERT(piece.taken > 0 || http_response_is_done(&r->response));
        read_frames(r, piece.body, piece.n);
        at += piece.taken;
    }
    r->end = http_response_end(&r->response, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct reading whole;
    static struct reading cut;
    if (n == 0)
        return 0;
    memset(&whole, 0, sizeof(whole));
    memset(&cut, 0, sizeof(cut));
    read_all(&whole, (const char *)data + 1, n - 1, n);
    read_all(&cut, (const char *)data + 1, n - 1, (size_t)data[0] % 31 + 1);
    FUZZ_ASSERT(whole.result == cut.result && whole.frames_result == cut.frames_result);
    FUZZ_ASSERT(whole.end == cut.end && whole.response.status == cut.response.status);
    FUZZ_ASSERT(whole.out.len == cut.out.len);
    FUZZ_ASSERT(whole.out.len == 0 || memcmp(whole.out.data, cut.out.data, whole.out.len) == 0);
    buf_done(&whole.out);
    buf_done(&cut.out);
    return 0;
}
