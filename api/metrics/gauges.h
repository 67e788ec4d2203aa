/* SPDX-License-Identifier: Apache-2.0
 *
 * What metrics say of the installation: read from the database on a session of its own, so that a
 * long count delays no request, and kept for a while.
 */
#ifndef ERRAND_API_GAUGES_H
#define ERRAND_API_GAUGES_H

#include <stdbool.h>

#include "base/buf.h"

struct gauges;
struct gauges_board;
struct loop;

/* What was read is shown for a second at least, and longer when reading is slow, so that it is done
 * a twentieth of the time; but not for longer than anybody scrapes. */
#define GAUGES_KEEP_MS 1000
#define GAUGES_KEEP_MAX_MS 5000
#define GAUGES_SHARE 20

/* What was read last, whichever loop read it: shared by all, so that no counter is ever seen to go
 * back. */
struct gauges_board *gauges_board_new(void);
void gauges_board_free(struct gauges_board *board);

struct gauges *gauges_new(struct loop *loop, struct gauges_board *board);

/* Whoever waits is not called any more. */
void gauges_free(struct gauges *gauges);

/* `text` is borrowed for the call. May be called at once. */
typedef void gauges_callback(void *user, const struct buf *text);
struct gauges_wait {
    gauges_callback *callback;
    void *user;
    struct gauges_wait *next;
};

/* `wait` belongs to the caller and lives until it is called back. */
void gauges_ask(struct gauges *gauges, struct gauges_wait *wait);

#endif
