/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's stdout and stderr: two pipes read here, split into lines, numbered by their place
 * in the spool. Lines of one stream keep their order; between streams it is the order of reading.
 */
#ifndef ERRAND_SHIM_OUTPUT_H
#define ERRAND_SHIM_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "shim/line_splitter.h"
#include "shim/spool.h"

#define OUTPUT_STREAMS 2

struct output_stream {
    int read_fd;  /* -1 once at its end */
    int write_fd; /* for the container; -1 once handed over */
    struct line_splitter splitter;
};

struct output {
    struct spool spool;
    struct output_stream streams[OUTPUT_STREAMS]; /* stdout, stderr */
};

/* Make the pipes and the spool. */
int output_open(struct output *output, uint64_t log_limit_bytes, struct err *e) MUST_USE;

/* The container has its ends now. */
void output_close_writers(struct output *output);

/* Read stream `i` once, when it is readable, into the spool's pending records. False: it has
 * ended, and read_fd is closed. */
bool output_read(struct output *output, size_t i);

/* Everything inside has ended: take in what the pipes still hold, and no more than they can hold,
 * so that nobody who kept a write end can keep this going. Closes them. */
void output_drain(struct output *output);

/* Emit last lines without newline, say what was dropped, close the spool. */
void output_close(struct output *output);

#endif
