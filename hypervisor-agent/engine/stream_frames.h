/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes apart what an engine sends of a container's stdout and stderr on one connection: frames of
 *
 *   byte 0     stream: 0 stdin, 1 stdout, 2 stderr
 *   bytes 1-3  zero
 *   bytes 4-7  length of the payload, big-endian
 *   payload
 *
 * Pure. A frame may come in any number of pieces and may be of any length: nothing is kept but its
 * header.
 * Source: Docker Engine API, "Attach to a container", stream format
 */
#ifndef ERRAND_ENGINE_STREAM_FRAMES_H
#define ERRAND_ENGINE_STREAM_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STREAM_FRAME_HEADER_BYTES 8

enum stream_frame_name {
    STREAM_FRAME_STDIN,
    STREAM_FRAME_STDOUT,
    STREAM_FRAME_STDERR,
};

struct stream_frames {
    unsigned char header[STREAM_FRAME_HEADER_BYTES];
    size_t header_n;
    uint32_t left; /* of the payload, once the header is whole */
};

struct stream_piece {
    enum stream_frame_name name;
    const char *payload; /* points into the bytes given */
    size_t n;            /* 0 = none */
    size_t taken;        /* bytes used up, payload included */
};

void stream_frames_init(struct stream_frames *frames);

/* Take bytes until there is a piece of payload or all are taken. ERR_INVALID: a header that is
 * none.
 */
int stream_frames_take(struct stream_frames *frames, const char *bytes, size_t n,
                       struct stream_piece *ret_piece, struct err *e) MUST_USE;

/* Nothing is missing of the last frame. */
bool stream_frames_are_whole(const struct stream_frames *frames);

#endif
