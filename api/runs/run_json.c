/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_json.h"

#include <string.h>

#include "http/object.h"
#include "http/reply.h"
#include "runners/catalog_json.h"

#define MOST_BYTES 2048

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static void add_hypervisor(struct buf *b, const struct run *run)
{
    if (id_is_nil(run->hypervisor)) {
        object_null(b, "hypervisor");
        return;
    }
    object_begin_in(b, "hypervisor");
    object_id(b, "id", run->hypervisor);
    object_text(b, "name", run->hypervisor_name);
    object_end(b);
}

static void add_trigger(struct buf *b, const struct run *run)
{
    object_begin_in(b, "trigger");
    object_text(b, "kind", run->trigger_kind);
    object_text(b, "by", text_or_null(run->trigger_by));
    object_text(b, "ref", text_or_null(run->trigger_ref));
    object_end(b);
}

static void add_what(struct buf *b, const struct run *run)
{
    object_text(b, "command", run->command);
    object_json(b, "argv", run->argv);
    object_text(b, "entrypoint", run->entrypoint);
    object_text(b, "image", run->image);
    object_text(b, "image_digest", run->image_digest);
    object_int(b, "timeout_seconds", run->timeout_seconds);
    object_int(b, "priority", run->priority);
    object_json(b, "labels", run->labels);
    object_json(b, "env_keys", run->env_keys);
    add_trigger(b, run);
}

static void add_where(struct buf *b, const struct run *run)
{
    object_id(b, "runner_id", run->runner);
    object_int(b, "runner_version", run->runner_version);
    object_int(b, "attempt", run->attempt);
    object_null(b, "retry_of");
    add_hypervisor(b, run);
    region_put(b, "region", &run->region);
    instance_type_put(b, "instance_type", &run->instance_type);
}

/* Why it waits, why it ended: each only while it is so. */
static void add_reasons(struct buf *b, const struct run *run)
{
    bool is_pending = strcmp(run_state_public_name(run->state), "pending") == 0;
    bool is_final = run_state_is_final(run->state);
    object_text(b, "pending_reason", is_pending ? run->pending_reason : NULL);
    object_text(b, "pending_message", is_pending ? text_or_null(run->pending_message) : NULL);
    object_text(b, "termination_reason", is_final ? run->termination_reason : NULL);
    object_text(b, "termination_message", is_final ? text_or_null(run->termination_message) : NULL);
}

static void add_figures(struct buf *b, const struct run *run)
{
    int64_t cost_nano = run_cost_nano(run);
    object_count(b, "queued_ms", run_queued_ms(run));
    object_count(b, "pull_ms", run->pull_ms);
    object_count(b, "start_ms", run->start_ms);
    object_count(b, "duration_ms", run_duration_ms(run));
    object_count(b, "cpu_ms", run->cpu_ms);
    object_count(b, "memory_peak_bytes", run->memory_peak_bytes);
    object_count(b, "io_read_bytes", run->io_read_bytes);
    object_count(b, "io_write_bytes", run->io_write_bytes);
    object_bool(b, "oom_killed", run->oom_killed);
    object_int(b, "log_lines", run->log_lines);
    object_int(b, "log_bytes", run->log_bytes);
    object_bool(b, "log_truncated", run->log_truncated);
    object_nano(b, "cost", cost_nano);
    object_int(b, "cost_nano", cost_nano);
}

static void put_members(struct buf *b, const struct run *run)
{
    object_id(b, "id", run->id);
    object_text(b, "status", run_state_public_name(run->state));
    object_count(b, "exit_code", run->exit_code);
    object_time(b, "started_at", run->started_at_us);
    object_time(b, "completed_at", run->completed_at_us);
    object_time(b, "created_at", run->created_at_us);
    object_time(b, "updated_at", run->updated_at_us);
    add_what(b, run);
    add_where(b, run);
    add_reasons(b, run);
    add_figures(b, run);
    object_end(b);
}

void run_put(struct buf *b, const struct run *run)
{
    object_begin(b);
    put_members(b, run);
}

void run_reply(struct request *rq, const struct run *run)
{
    struct buf b;
    buf_init(&b, RUN_JSON_BYTES);
    (void)buf_reserve(&b, MOST_BYTES); /* so that it seldom grows */
    object_begin(&b);
    object_begin_in(&b, "run");
    put_members(&b, run);
    object_end_all(&b);
    reply_json_text(rq, 200, &b);
}

void run_location(struct request *rq, struct id run)
{
    char location[sizeof("/v1/runs/") + ID_TEXT_BYTES];
    (void)snprintf(location, sizeof(location), "/v1/runs/%s", ID_TEXT(run));
    reply_header(rq, "location", location);
}

void run_reply_made(struct request *rq, const struct run *run)
{
    run_location(rq, run->id);
    run_reply(rq, run);
}
