/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_json.h"

#include <string.h>

#include "http/members.h"
#include "runners/catalog_json.h"

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static json_t *hypervisor_json(const struct run *run)
{
    if (id_is_nil(run->hypervisor))
        return json_null();
    json_t *object = json_object();
    member_id(object, "id", run->hypervisor);
    member_text(object, "name", run->hypervisor_name);
    return object;
}

static json_t *trigger_json(const struct run *run)
{
    json_t *object = json_object();
    member_text(object, "kind", run->trigger_kind);
    member_text(object, "by", text_or_null(run->trigger_by));
    member_text(object, "ref", text_or_null(run->trigger_ref));
    return object;
}

static void add_what(json_t *object, const struct run *run)
{
    member_text(object, "command", run->command);
    member_json(object, "argv", run->argv);
    member_text(object, "entrypoint", run->entrypoint);
    member_text(object, "image", run->image);
    member_text(object, "image_digest", run->image_digest);
    member_int(object, "timeout_seconds", run->timeout_seconds);
    member_int(object, "priority", run->priority);
    member_json(object, "labels", run->labels);
    member_json(object, "env_keys", run->env_keys);
    member_value(object, "trigger", trigger_json(run));
}

static void add_where(json_t *object, const struct run *run)
{
    member_id(object, "runner_id", run->runner);
    member_int(object, "runner_version", run->runner_version);
    member_int(object, "attempt", run->attempt);
    member_value(object, "retry_of", json_null());
    member_value(object, "hypervisor", hypervisor_json(run));
    member_value(object, "region", region_json(&run->region));
    member_value(object, "instance_type", instance_type_json(&run->instance_type));
}

/* Why it waits, why it ended: each only while it is so. */
static void add_reasons(json_t *object, const struct run *run)
{
    bool is_pending = strcmp(run_state_public_name(run->state), "pending") == 0;
    bool is_final = run_state_is_final(run->state);
    member_text(object, "pending_reason", is_pending ? run->pending_reason : NULL);
    member_text(object, "pending_message", is_pending ? text_or_null(run->pending_message) : NULL);
    member_text(object, "termination_reason", is_final ? run->termination_reason : NULL);
    member_text(object, "termination_message",
                is_final ? text_or_null(run->termination_message) : NULL);
}

static void add_figures(json_t *object, const struct run *run)
{
    int64_t cost_nano = run_cost_nano(run);
    member_count(object, "queued_ms", run_queued_ms(run));
    member_count(object, "pull_ms", run->pull_ms);
    member_count(object, "start_ms", run->start_ms);
    member_count(object, "duration_ms", run_duration_ms(run));
    member_count(object, "cpu_ms", run->cpu_ms);
    member_count(object, "memory_peak_bytes", run->memory_peak_bytes);
    member_count(object, "io_read_bytes", run->io_read_bytes);
    member_count(object, "io_write_bytes", run->io_write_bytes);
    member_bool(object, "oom_killed", run->oom_killed);
    member_int(object, "log_lines", run->log_lines);
    member_int(object, "log_bytes", run->log_bytes);
    member_bool(object, "log_truncated", run->log_truncated);
    member_nano(object, "cost", cost_nano);
    member_int(object, "cost_nano", cost_nano);
}

json_t *run_json(const struct run *run)
{
    json_t *object = json_object();
    member_id(object, "id", run->id);
    member_text(object, "status", run_state_public_name(run->state));
    member_count(object, "exit_code", run->exit_code);
    member_time(object, "started_at", run->started_at_us);
    member_time(object, "completed_at", run->completed_at_us);
    member_time(object, "created_at", run->created_at_us);
    member_time(object, "updated_at", run->updated_at_us);
    add_what(object, run);
    add_where(object, run);
    add_reasons(object, run);
    add_figures(object, run);
    return object;
}

json_t *run_answer(const struct run *run)
{
    return json_pack("{s:o}", "run", run_json(run));
}
