/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's output on its way from an engine's attach stream into two pipes. Nothing is read
 * from the engine while a pipe is full, so a container that writes faster than it is read waits.
 */
#ifndef ERRAND_DRIVERS_DOCKER_OUTPUT_H
#define ERRAND_DRIVERS_DOCKER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine_call.h"
#include "engine/stream_frames.h"

#define DOCKER_WORDS_BYTES 512

struct docker_output {
    struct engine_call attach;
    struct stream_frames frames;
    int fds[2];              /* owned copies of the pipes' write ends */
    const char *rest;        /* of the body, in the call's inbox */
    size_t rest_n;           /* */
    struct stream_piece due; /* what a full pipe did not take */
    struct err problem;      /* output was lost, when code is set */

    /* The start of what came, for what an init says when it cannot execute the command. */
    char words[DOCKER_WORDS_BYTES];
    size_t words_n;
    bool has_more_words; /* or something came on stdout */
};

void docker_output_init(struct docker_output *output);
void docker_output_done(struct docker_output *output);

/* Take copies of the pipes; the pipes become non-blocking at this end. */
int docker_output_open(struct docker_output *output, int out_fd, int err_fd,
                       struct err *e) MUST_USE;

/* While attach is STREAMING, or has just ended: move what can be moved without waiting. */
void docker_output_pump(struct docker_output *output);

/* All that will ever come is in the pipes. */
bool docker_output_has_ended(const struct docker_output *output);

/* What to wait for: a descriptor and EPOLLIN or EPOLLOUT. False: nothing. */
bool docker_output_waits(const struct docker_output *output, int *ret_fd, uint32_t *ret_events);

#endif
