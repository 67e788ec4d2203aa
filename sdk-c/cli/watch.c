/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks of a follow.
 */
#include "watch.h"

#include "complain.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t watch_clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int on_line(const errand_log_line *line, void *user)
{
    struct watch *watch = user;

    if (watch->first_line_us == 0)
        watch->first_line_us = watch_clock_us();
    return line_printer_print(&watch->printer, line) < 0;
}

static int on_idle(void *user)
{
    (void)user;
    return line_printer_flush() < 0;
}

/* Being queued for a moment is nothing to speak of. */
static int on_status(const errand_status_event *event, void *user)
{
    struct watch *watch = user;

    if (event->pending_reason[0] == '\0' || strcmp(event->pending_reason, "queued") == 0 ||
        strcmp(event->pending_reason, watch->reason) == 0)
        return 0;
    (void)snprintf(watch->reason, sizeof(watch->reason), "%s", event->pending_reason);
    (void)complain("waiting: %s", event->pending_reason);
    return 0;
}

/* A single lost connection is nothing to speak of either. */
static int on_retry(const errand_retry_event *event, void *user)
{
    (void)user;
    if (event->failures == 3)
        (void)complain("still trying: %s", event->cause->message);
    return 0;
}

int watch_run(struct watch *watch, errand_client *client, const char *run_id,
              errand_canceler *canceler, errand_follow_result *result)
{
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_error error;
    int r;

    options.after_id = result->last_id;
    options.on_line = on_line;
    options.on_idle = on_idle;
    options.on_status = on_status;
    options.on_retry = on_retry;
    options.user = watch;
    options.canceler = canceler;
    r = errand_follow(client, run_id, &options, result, &error);
    if (r < 0)
        return complain_error(&error, "follow run %s", run_id);
    if (r == ERRAND_END_STOPPED)
        return complain_errno("write the log");
    return r;
}
