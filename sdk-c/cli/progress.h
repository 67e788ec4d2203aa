/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on the terminal that says what a run waits for, and is gone when it comes.
 */
#ifndef ERRAND_CLI_PROGRESS_H
#define ERRAND_CLI_PROGRESS_H

#include <errand/follow.h>

struct progress {
    int is_shown_here; /* standard error is a terminal, and nobody forbade it */
    int is_there;      /* the line stands on the terminal now */
};

void progress_init(struct progress *progress, int is_forbidden);

/* 1 when the event could be shown, or is nothing to show; 0 when there is no terminal. */
int progress_show(struct progress *progress, const errand_status_event *event);

/* Before anything else is written to the terminal. */
void progress_clear(struct progress *progress);

#endif
