/* SPDX-License-Identifier: Apache-2.0
 *
 * One line of GET /agent/v1/assignments (application/x-ndjson):
 *
 *   {"type":"sync","runs":[{"run":ID,"attempt":N,"stop":BOOL}, ...]}   first line of a connection
 *   {"type":"assign", members of an assignment}
 *   {"type":"stop","run":ID,"attempt":N}
 *   {"type":"warm","pins":[{members of a warm order}, ...]}   all of them, each time
 *   {"type":"ping"}
 *
 * A line has at most LIMIT_ASSIGNMENT_BYTES.
 */
#ifndef ERRAND_WIRE_ASSIGNMENT_LINE_H
#define ERRAND_WIRE_ASSIGNMENT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "wire/assignment.h"
#include "wire/warm_order.h"

enum assignment_line_type {
    ASSIGNMENT_LINE_SYNC,
    ASSIGNMENT_LINE_ASSIGN,
    ASSIGNMENT_LINE_STOP,
    ASSIGNMENT_LINE_WARM,
    ASSIGNMENT_LINE_PING,
};

/* A run the API believes to be on this hypervisor. */
struct assignment_sync {
    struct id run_id;
    uint32_t attempt;
    bool stop; /* somebody asked for it to stop */
};

struct assignment_line {
    enum assignment_line_type type;
    struct assignment assign;     /* ASSIGN */
    struct assignment_sync stop;  /* STOP; `stop` is true */
    struct assignment_sync *sync; /* SYNC; owned, `sync_n` of them */
    size_t sync_n;
    struct warm_order *warm; /* WARM; owned, `warm_n` of them; texts live as long as the line */
    size_t warm_n;
    struct json_t *doc; /* owned */
};

/* Writers append one whole line, newline included. */
void assignment_line_put_sync(struct buf *b, const struct assignment_sync *runs, size_t n);
void assignment_line_put_assign(struct buf *b, const struct assignment *a);
void assignment_line_put_stop(struct buf *b, struct id run_id, uint32_t attempt);
/* Open, then each pin, then close. */
void assignment_line_open_warm(struct buf *b);
void assignment_line_put_pin(struct buf *b, const struct warm_order *pin);
void assignment_line_close_warm(struct buf *b);
void assignment_line_put_ping(struct buf *b);

/* Parse one line of `n` bytes without its newline. */
int assignment_line_parse(const char *text, size_t n, struct assignment_line *ret_line,
                          struct err *e) MUST_USE;

/* Accepts a zeroed line. */
void assignment_line_done(struct assignment_line *line);

#endif
