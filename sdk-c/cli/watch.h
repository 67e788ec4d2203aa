/* SPDX-License-Identifier: Apache-2.0
 *
 * Following a run on the terminal: its lines, and a word about what is being waited for.
 */
#ifndef ERRAND_CLI_WATCH_H
#define ERRAND_CLI_WATCH_H

#include <errand/follow.h>

#include "line_printer.h"

struct watch {
    struct line_printer printer;
    int64_t first_line_us; /* monotonic; 0 = none came yet */
    char reason[64];       /* the pending reason last told */
};

/* Microseconds since some fixed moment. */
int64_t watch_clock_us(void);

/* Follow `run_id` after result->last_id, which moves on. Returns an errand_end, or EXIT_OURS after
 * complaining. `canceler` may be NULL. */
int watch_run(struct watch *watch, errand_client *client, const char *run_id,
              errand_canceler *canceler, errand_follow_result *result);

#endif
