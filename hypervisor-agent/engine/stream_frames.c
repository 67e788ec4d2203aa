/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream_frames.h"

#include <string.h>

void stream_frames_init(struct stream_frames *frames)
{
    *frames = (struct stream_frames){.left = 0};
}

bool stream_frames_are_whole(const struct stream_frames *frames)
{
    return frames->header_n == 0;
}

static int read_header(struct stream_frames *frames, struct err *e)
{
    const unsigned char *h = frames->header;
    if (h[0] > STREAM_FRAME_STDERR || h[1] != 0 || h[2] != 0 || h[3] != 0)
        return err_set(e, ERR_INVALID, "the engine's stream has a frame of no known kind");
    frames->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    if (frames->left == 0)
        frames->header_n = 0;
    return 0;
}

static int take_header(struct stream_frames *frames, const char *bytes, size_t n,
                       struct stream_piece *piece, struct err *e)
{
    size_t wanted = STREAM_FRAME_HEADER_BYTES - frames->header_n;
    size_t take = n < wanted ? n : wanted;
    memcpy(frames->header + frames->header_n, bytes, take);
    frames->header_n += take;
    piece->taken += take;
    return frames->header_n == STREAM_FRAME_HEADER_BYTES ? read_header(frames, e) : 0;
}

int stream_frames_take(struct stream_frames *frames, const char *bytes, size_t n,
                       struct stream_piece *ret_piece, struct err *e)
{
    struct stream_piece piece = {.name = STREAM_FRAME_STDOUT};
    while (piece.taken < n && frames->header_n < STREAM_FRAME_HEADER_BYTES) {
        int r = take_header(frames, bytes + piece.taken, n - piece.taken, &piece, e);
        if (r < 0)
            return r;
    }
    if (piece.taken < n) {
        size_t rest = n - piece.taken;
        piece.name = (enum stream_frame_name)frames->header[0];
        piece.payload = bytes + piece.taken;
        piece.n = rest < frames->left ? rest : frames->left;
        piece.taken += piece.n;
        frames->left -= (uint32_t)piece.n;
        if (frames->left == 0)
            frames->header_n = 0;
    }
    *ret_piece = piece;
    return 0;
}
