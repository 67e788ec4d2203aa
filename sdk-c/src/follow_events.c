/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of a run's stream to callbacks: `log` and `logs` (lines), `status`, `state` (the last).
 *
 * Lines are numbered without gaps, which is what makes "exactly once" checkable here: a number
 * already delivered is dropped, a number skipped makes the follow ask again.
 */
#include "follow.h"

#include "failure.h"
#include "fields.h"
#include "log_line.h"
#include "run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int follow_fault(struct follow *follow, const char *event)
{
    if (follow->fault.message[0] == '\0')
        (void)errand_fail(&follow->fault, ERRAND_E_INTERNAL, "the '%s' event makes no sense",
                          event);
    return FOLLOW_FAULT;
}

/* Each attempt of a run numbers its lines from one on, above the ids of all before it: attempt n's
 * follow (n - 1) * 2^40. */
#define ATTEMPT_BITS 40
#define ATTEMPTS_MAX 8192

static void begin_attempt(struct follow *follow, int64_t base)
{
    if (base > follow->result.last_id)
        follow->result.last_id = base;
}

/* The id before the first of the attempt that `id` is of. */
static int64_t attempt_base(int64_t id)
{
    return id >> ATTEMPT_BITS << ATTEMPT_BITS;
}

static int tell_gap(struct follow *follow, int64_t first_id, int64_t last_id)
{
    if (follow->options.on_gap != NULL &&
        follow->options.on_gap(first_id, last_id, follow->options.user) != 0)
        return FOLLOW_STOPPED;
    return FOLLOW_GO_ON;
}

/* Lines first_id..last_id did not come. The second time at the same place they never will. */
static int follow_gap(struct follow *follow, int64_t first_id, int64_t last_id)
{
    if (follow->gap_at != first_id) {
        follow->gap_at = first_id;
        (void)errand_fail(&follow->fault, ERRAND_E_INTERNAL,
                          "log lines %" PRId64 " to %" PRId64 " are missing", first_id, last_id);
        return FOLLOW_GAP;
    }
    follow->result.last_id = last_id;
    return tell_gap(follow, first_id, last_id);
}

static int follow_line(const struct errand_log_entry *entry, void *user)
{
    struct follow *follow = user;
    const errand_log_line *line = &entry->line;
    int64_t expected;
    int r = FOLLOW_GO_ON;

    begin_attempt(follow, attempt_base(line->id - 1));
    expected = follow->result.last_id + 1;
    if (line->id < expected)
        return FOLLOW_GO_ON;
    if (entry->gap_first_id > 0 && entry->gap_first_id <= expected)
        r = tell_gap(follow, expected, line->id); /* the server's own word: no need to ask again */
    else if (line->id > expected)
        r = follow_gap(follow, expected, line->id - 1);
    if (r != FOLLOW_GO_ON)
        return r;

    /* Counted before the callback: a caller that stops at a line has seen it. */
    follow->result.last_id = line->id;
    if (follow->options.on_line != NULL && follow->options.on_line(line, follow->options.user) != 0)
        return FOLLOW_STOPPED;
    return FOLLOW_GO_ON;
}

static int follow_log(struct follow *follow, struct errand_json *json)
{
    struct errand_log_entry entry;

    return errand_log_entry_read(json, &entry, &follow->fault) < 0 ? FOLLOW_FAULT
                                                                   : follow_line(&entry, follow);
}

static int follow_logs(struct follow *follow, struct errand_json *json)
{
    int r = errand_log_entries_read(json, follow_line, follow, NULL, &follow->fault);

    return r < 0 ? FOLLOW_FAULT : r;
}

static int follow_status(struct follow *follow, const json_t *object, const char *text)
{
    errand_status_event event;
    int64_t attempt = errand_field_integer(object, "attempt", 0);

    if (attempt > 1 && attempt <= ATTEMPTS_MAX)
        begin_attempt(follow, (attempt - 1) << ATTEMPT_BITS);
    event.attempt = attempt > 0 && attempt <= ATTEMPTS_MAX ? (unsigned)attempt : 0;
    event.status = errand_run_status_parse(errand_field_text(object, "status"));
    event.hypervisor = errand_field_text(object, "hypervisor");
    event.pending_reason = errand_field_text(object, "pending_reason");
    event.json = text;
    if (event.status != ERRAND_RUN_UNKNOWN)
        follow->result.status = event.status;
    if (follow->options.on_status != NULL &&
        follow->options.on_status(&event, follow->options.user) != 0)
        return FOLLOW_STOPPED;
    return FOLLOW_GO_ON;
}

static int follow_state(struct follow *follow, const json_t *object)
{
    errand_follow_result *result = &follow->result;
    errand_run_status status = errand_run_status_parse(errand_field_text(object, "status"));
    const json_t *exit_code = json_object_get(object, "exit_code");
    int64_t last_id = errand_field_integer(object, "last_id", 0);
    int r = FOLLOW_GO_ON;

    if (!errand_run_status_is_final(status))
        return follow_fault(follow, "state");
    begin_attempt(follow, attempt_base(last_id));
    if (last_id > result->last_id)
        r = follow_gap(follow, result->last_id + 1, last_id);
    if (r != FOLLOW_GO_ON)
        return r;

    result->status = status;
    result->has_exit_code = json_is_integer(exit_code);
    result->exit_code = (int)json_integer_value(exit_code);
    (void)snprintf(result->termination_reason, sizeof(result->termination_reason), "%s",
                   errand_field_text(object, "termination_reason"));
    return FOLLOW_FINISHED;
}

/* What is rare, and may have fields that this library does not know. */
static int follow_object(struct follow *follow, const struct errand_sse_event *event)
{
    json_t *object = json_loadb(event->data, event->n_data, JSON_ALLOW_NUL, NULL);
    int r = FOLLOW_GO_ON;

    if (!json_is_object(object))
        r = follow_fault(follow, event->name);
    else if (strcmp(event->name, "status") == 0)
        r = follow_status(follow, object, event->data);
    else if (strcmp(event->name, "state") == 0)
        r = follow_state(follow, object);
    json_decref(object);
    return r;
}

int errand_follow_event(const struct errand_sse_event *event, void *user)
{
    struct errand_json json = {event->data, event->data + event->n_data};
    struct follow *follow = user;
    int r;

    if (strcmp(event->name, "logs") == 0)
        r = follow_logs(follow, &json);
    else if (strcmp(event->name, "log") == 0)
        r = follow_log(follow, &json);
    else
        r = follow_object(follow, event);
    if (r != FOLLOW_FAULT && r != FOLLOW_GAP)
        follow->failures = 0;
    return r;
}
