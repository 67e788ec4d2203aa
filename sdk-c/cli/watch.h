/* SPDX-License-Identifier: Apache-2.0
 *
 * Following a run on the terminal: its lines, and a word about what is being waited for.
 */
#ifndef ERRAND_CLI_WATCH_H
#define ERRAND_CLI_WATCH_H

#include <errand/follow.h>

#include "line_printer.h"
#include "progress.h"

struct arguments;

struct watch {
    struct line_printer printer;
    int without_lines;     /* only wait for the end */
    const char *grep;      /* only lines that contain it; borrowed; NULL = all */
    const char *since;     /* only lines of this time or later; borrowed; NULL = all */
    int is_quiet;          /* nothing but lines */
    int64_t first_line_us; /* monotonic; 0 = none came yet */
    unsigned attempt;      /* the one last told */
    int is_pending;        /* the last status was so */
    errand_client *client; /* while it is followed; borrowed, like the next */
    const char *run_id;
    char reason[64]; /* the pending reason last told */
    struct progress progress;
};

/* By the flags json, quiet and, where there is one, timestamps. */
void watch_init(struct watch *watch, const struct arguments *arguments);

/* Follow `run_id` after result->last_id, which moves on. Returns an errand_end, or EXIT_OURS after
 * complaining. `canceler` may be NULL. */
int watch_run(struct watch *watch, errand_client *client, const char *run_id,
              errand_canceler *canceler, errand_follow_result *result);

#endif
