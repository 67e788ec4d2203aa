/* SPDX-License-Identifier: Apache-2.0 */
#include "run_report.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <string.h>

int run_report_pulling(struct event_outbox *outbox, const struct run *run, int64_t done_bytes,
                       int64_t total_bytes, struct err *e)
{
    const struct agent_event event = {
        .type = AGENT_EVENT_PULLING,
        .run_id = run->id,
        .attempt = run->attempt,
        .pulling = {.done_bytes = done_bytes, .total_bytes = total_bytes},
    };
    return event_outbox_put(outbox, &event, e);
}

int run_report_started(struct event_outbox *outbox, const struct run *run, int64_t at_us,
                       uint32_t start_ms, struct err *e)
{
    const struct agent_event event = {
        .type = AGENT_EVENT_STARTED,
        .run_id = run->id,
        .attempt = run->attempt,
        .started = {.at_us = at_us,
                    .image_digest = run->image_digest[0] != '\0' ? run->image_digest : NULL,
                    .pull_ms = run->pull_ms,
                    .image = run->image_from,
                    .start_ms = start_ms},
    };
    return event_outbox_put(outbox, &event, e);
}

int run_report_finished(struct event_outbox *outbox, const struct run *run, struct err *e)
{
    const struct exit_record *end = &run->end;
    const struct agent_event event = {
        .type = AGENT_EVENT_FINISHED,
        .run_id = run->id,
        .attempt = run->attempt,
        .finished = {.at_us = end->finished_at_us,
                     .has_exit_code = end->exit_code >= 0,
                     .exit_code = end->exit_code,
                     .reason = termination_reason_name(end->reason),
                     .message = end->message[0] != '\0' ? end->message : NULL,
                     .last_line = (int64_t)end->last_line,
                     .log_bytes = (int64_t)end->log_bytes,
                     .log_truncated = end->log_truncated,
                     .cpu_ms = (int64_t)end->cpu_ms,
                     .memory_peak_bytes = (int64_t)end->memory_peak_bytes,
                     .io_read_bytes = (int64_t)end->io_read_bytes,
                     .io_write_bytes = (int64_t)end->io_write_bytes,
                     .oom_killed = end->oom_killed},
    };
    return event_outbox_put(outbox, &event, e);
}

void run_end_set(struct run *run, enum termination_reason reason, const char *message)
{
    run->end = (struct exit_record){.run = run->id,
                                    .attempt = run->attempt,
                                    .reason = reason,
                                    .exit_code = -1,
                                    .finished_at_us = clock_now_us()};
    size_t n = strlen(message);
    n = n < sizeof(run->end.message) ? n : sizeof(run->end.message) - 1;
    memcpy(run->end.message, message, n);
    run->end.message[n] = '\0';
    utf8_repair(run->end.message, n);
}
