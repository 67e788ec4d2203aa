/* SPDX-License-Identifier: Apache-2.0 */
#include "runners/runner_json.h"

#include "http/members.h"
#include "runners/catalog_json.h"
#include "runners/container_registry_json.h"

static void add_what(json_t *object, const struct runner *runner)
{
    member_text(object, "name", runner->name);
    member_text(object, "image_name", runner->image_name);
    member_text(object, "image_tag", runner->image_tag);
    member_text(object, "image_digest", runner->image_digest);
    member_text(object, "run_command", runner->run_command);
    member_json(object, "argv", runner->argv);
    member_text(object, "entrypoint", runner->entrypoint);
}

/* 0 is null. */
static void member_positive(json_t *object, const char *name, int64_t value)
{
    member_count(object, name, value > 0 ? value : -1);
}

static void add_limits(json_t *object, const struct runner *runner)
{
    member_int(object, "timeout_seconds", runner->timeout_seconds);
    member_int(object, "stop_grace_seconds", runner->stop_grace_seconds);
    member_text(object, "stop_signal", runner->stop_signal);
    member_text(object, "pull_policy", runner->pull_policy);
    member_int(object, "pull_timeout_seconds", runner->pull_timeout_seconds);
    member_int(object, "priority", runner->priority);
    member_positive(object, "max_concurrency", runner->max_concurrency);
    member_text(object, "on_overlap", runner->on_overlap);
    member_json(object, "retry", runner->retry);
    member_positive(object, "pending_timeout_seconds", runner->pending_timeout_seconds);
    member_json(object, "hypervisor_labels", runner->hypervisor_labels);
    member_int(object, "pids_limit", runner->pids_limit);
    member_int(object, "shm_size_mb", runner->shm_size_mb);
    member_text(object, "network", runner->network);
    member_text(object, "sandbox", runner->sandbox);
    member_bool(object, "read_only", runner->read_only);
    member_text(object, "user", runner->user);
    member_int(object, "log_limit_bytes", runner->log_limit_bytes);
    member_text(object, "log_storage", runner->log_storage);
}

json_t *runner_json(const struct runner *runner)
{
    json_t *object = json_object();
    member_id(object, "id", runner->id);
    member_text(object, "status", runner->status);
    add_what(object, runner);
    add_limits(object, runner);
    member_json(object, "labels", runner->labels);
    member_int(object, "version", runner->version);
    member_time(object, "warmed_at", runner->warmed_at_us);
    member_time(object, "created_at", runner->created_at_us);
    member_time(object, "updated_at", runner->updated_at_us);
    member_value(object, "region", region_json(&runner->region));
    member_value(object, "instance_type", instance_type_json(&runner->instance_type));
    member_value(object, "container_registry",
                 container_registry_json(&runner->container_registry));
    return object;
}

json_t *runner_answer(const struct runner *runner)
{
    return json_pack("{s:o}", "runner", runner_json(runner));
}
