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

/* How far the pull is, where it starts; nothing for what is no news. */
void progress_show(struct progress *progress, const errand_status_event *event);

/* What it waits for. 0 when there is no terminal to show it on. */
int progress_show_reason(struct progress *progress, const char *reason, const char *message);

/* Before anything else is written to the terminal. */
void progress_clear(struct progress *progress);

#endif
