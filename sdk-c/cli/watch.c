/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks of a follow.
 */
#include "watch.h"

#include "arguments.h"
#include "complain.h"
#include "moment.h"

#include <stdio.h>
#include <string.h>

/* The largest id the HTTP interface takes. */
#define NO_LINES INT64_C(9007199254740991)

void watch_init(struct watch *watch, const struct arguments *arguments)
{
    int as_json = arguments_has(arguments, "json");

    *watch = (struct watch){.is_quiet = arguments_has(arguments, "quiet")};
    line_printer_init(&watch->printer, as_json, arguments_has(arguments, "timestamps"));
    progress_init(&watch->progress, watch->is_quiet || as_json);
}

static int is_wanted(const struct watch *watch, const errand_log_line *line)
{
    if (watch->since != NULL && strcmp(line->time, watch->since) < 0)
        return 0;
    return watch->grep == NULL ||
           memmem(line->bytes, line->n_bytes, watch->grep, strlen(watch->grep)) != NULL;
}

static int on_line(const errand_log_line *line, void *user)
{
    struct watch *watch = user;

    if (watch->first_line_us == 0)
        watch->first_line_us = moment_us();
    progress_clear(&watch->progress);
    if (watch->without_lines || !is_wanted(watch, line))
        return 0;
    return line_printer_print(&watch->printer, line) < 0;
}

static int on_idle(void *user)
{
    (void)user;
    return line_printer_flush() < 0;
}

/* Without a terminal a reason is told once; being queued for a moment is nothing to speak of. */
static void tell_reason(struct watch *watch, const char *reason, const char *message)
{
    if (watch->is_quiet || reason[0] == '\0' || strcmp(reason, "queued") == 0)
        return;
    if (progress_show_reason(&watch->progress, reason, message) ||
        strcmp(reason, watch->reason) == 0)
        return;
    (void)snprintf(watch->reason, sizeof(watch->reason), "%s", reason);
    (void)complain("waiting: %s%s%s", reason, message[0] == '\0' ? "" : ": ", message);
}

/* It waits, and the stream does not say for what: the run does, in words. */
static int on_quiet(void *user)
{
    struct watch *watch = user;
    errand_run *run = NULL;

    if (!watch->is_pending || errand_run_get(watch->client, watch->run_id, &run, NULL) < 0)
        return 0;
    tell_reason(watch, errand_run_pending_reason(run), errand_run_pending_message(run));
    errand_run_free(run);
    return 0;
}

/* What follows is the log of another attempt: not of the one before. */
static void tell_attempt(struct watch *watch, unsigned attempt)
{
    if (attempt <= 1 || attempt == watch->attempt)
        return;
    watch->attempt = attempt;
    progress_clear(&watch->progress);
    if (watch->is_quiet)
        return;
    (void)line_printer_flush();
    (void)complain("attempt %u", attempt);
}

static int on_status(const errand_status_event *event, void *user)
{
    struct watch *watch = user;

    tell_attempt(watch, event->attempt);
    watch->is_pending = event->status == ERRAND_RUN_PENDING;
    progress_show(&watch->progress, event);
    tell_reason(watch, event->pending_reason, "");
    return 0;
}

/* A single lost connection is nothing to speak of either. */
static int on_retry(const errand_retry_event *event, void *user)
{
    struct watch *watch = user;

    progress_clear(&watch->progress);
    if (event->failures == 3 && !watch->is_quiet)
        (void)complain("still trying: %s", event->cause->message);
    return 0;
}

int watch_run(struct watch *watch, errand_client *client, const char *run_id,
              errand_canceler *canceler, errand_follow_result *result)
{
    errand_follow_options options = ERRAND_FOLLOW_OPTIONS_INIT;
    errand_error error;
    int r;

    watch->client = client;
    watch->run_id = run_id;
    options.after_id = result->last_id;
    options.on_line = on_line;
    options.on_idle = on_idle;
    options.on_status = on_status;
    options.on_retry = on_retry;
    options.on_quiet = on_quiet;
    options.user = watch;
    options.canceler = canceler;
    if (watch->without_lines)
        options.after_id = NO_LINES;
    r = errand_follow(client, run_id, &options, result, &error);
    progress_clear(&watch->progress);
    if (r < 0)
        return complain_error(&error, "follow run %s", run_id);
    if (r == ERRAND_END_STOPPED)
        return complain_errno("write the log");
    return r;
}
