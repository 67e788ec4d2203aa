/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/outcome.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#define EXIT_CODE_TIMEOUT 124
#define EXIT_CODE_KILLED (128 + SIGKILL)

/* A child killed for memory is no end of the run: what the command ended with must say KILL. */
static bool ended_by_memory(const struct exit_record *record)
{
    if (!record->oom_killed)
        return false;
    return record->reason == TERMINATION_START_FAILED ||
           (record->reason == TERMINATION_EXITED && record->exit_code == EXIT_CODE_KILLED);
}

static void set_message(struct exit_record *record, const struct outcome_facts *facts)
{
    char *text = record->message;
    size_t size = sizeof(record->message);
    int n = 0;
    switch (record->reason) {
    case TERMINATION_TIMEOUT:
        n = snprintf(text, size, "ran longer than %u seconds", facts->spec->timeout_seconds);
        break;
    case TERMINATION_HYPERVISOR_LOST:
        n = snprintf(text, size, "the hypervisor was cut off for longer than the run's lease");
        break;
    case TERMINATION_OOM_KILLED:
        n = snprintf(text, size, "the memory limit of %" PRIu64 " MiB was reached",
                     facts->spec->memory_bytes >> 20);
        break;
    case TERMINATION_EXITED:
    case TERMINATION_START_FAILED:
    case TERMINATION_INTERNAL:
    case TERMINATION_INVALID_COMMAND:
        n = snprintf(text, size, "%s", facts->report->message);
        break;
    default:
        break;
    }
    if (n < 0)
        text[0] = '\0';
}

struct exit_record outcome_of(const struct outcome_facts *facts)
{
    struct exit_record record = {
        .run = facts->spec->run,
        .attempt = facts->spec->attempt,
        .reason = facts->reason,
        .exit_code = -1,
        .started_at_us = facts->started_at_us,
        .cpu_ms = facts->use.cpu_us / 1000,
        .memory_peak_bytes = facts->use.memory_peak_bytes,
        .io_read_bytes = facts->use.io_read_bytes,
        .io_write_bytes = facts->use.io_write_bytes,
        .oom_killed = facts->use.oom_kills > 0,
    };
    if (facts->report->state == SANDBOX_ENDED) {
        record.exit_code = facts->report->exit_code;
        if (record.reason == TERMINATION_EXITED)
            record.reason = facts->report->reason;
    }
    if (ended_by_memory(&record))
        record.reason = TERMINATION_OOM_KILLED;
    if (record.reason == TERMINATION_TIMEOUT)
        record.exit_code = EXIT_CODE_TIMEOUT;
    set_message(&record, facts);
    return record;
}
