/* SPDX-License-Identifier: Apache-2.0
 *
 * A container's stdout and stderr: two pipes read here, secrets taken out, split into lines,
 * numbered by their place in the spool. Lines of one stream keep their order; between streams it is
 * the order of reading.
 *
 * A spool without room, or a container above its rate, is not read from: its pipes fill, and it
 * waits in write(2). A line that has begun and does not go on for OUTPUT_QUIET_MS is given out as a
 * piece, and what is held as the start of a secret as masker.h says.
 */
#ifndef ERRAND_SHIM_OUTPUT_H
#define ERRAND_SHIM_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "run_spec.h"
#include "shim/line_splitter.h"
#include "shim/masker.h"
#include "shim/spool.h"

#define OUTPUT_STREAMS 2
#define OUTPUT_QUIET_MS 1000

struct output_stream {
    int read_fd;  /* -1 once at its end */
    int write_fd; /* for the container; -1 once handed over */
    struct masker masker;
    struct line_splitter splitter;
    int64_t ts_us;       /* of the last read */
    int64_t quiet_at_us; /* monotonic; when what is held is given out */
    ssize_t drain_bytes; /* still to be drained; -1 before that began */
    struct output *output;
};

struct output {
    struct spool spool;
    struct output_stream streams[OUTPUT_STREAMS]; /* stdout, stderr */
    struct secret_set *secrets;                   /* owned; NULL: none */

    uint64_t rate_bytes;   /* a second; 0 = no limit */
    int64_t rate_open_us;  /* monotonic; read no more before */
    int64_t held_since_us; /* monotonic; 0 = the spool has room */
    enum spool_hold held;
};

/* Nothing open: may be ticked, drained and closed, to no effect. */
void output_init(struct output *output);

/* Make the pipes and the spool; the spec's secrets are prepared. It stays where it is. */
int output_open(struct output *output, const struct run_spec *spec, struct err *e) MUST_USE;

/* The container has its ends now. */
void output_close_writers(struct output *output);

/* May be read from now. */
bool output_wants(const struct output *output, int64_t mono_us);

/* Read stream `i` once, when it is readable, into the spool's pending records. False: it has
 * ended, and read_fd is closed. */
bool output_read(struct output *output, size_t i, int64_t mono_us);

/* After each turn: write what is pending, give out what is due. */
void output_tick(struct output *output, int64_t mono_us);

/* When output_tick() has something to do without anything being read; INT64_MAX. */
int64_t output_due_us(const struct output *output, int64_t mono_us);

/* Everything inside has ended: take in what the pipes still hold, and no more than they can hold,
 * so that nobody who kept a write end can keep this going. Closes them. False: the spool has no
 * room; call again. */
bool output_drain(struct output *output, int64_t mono_us);

/* Emit last lines without newline, say what was dropped, close the spool. Wipes. */
void output_close(struct output *output);

#endif
