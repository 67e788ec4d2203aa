/* SPDX-License-Identifier: Apache-2.0 */
#include "runs/run_attempts.h"

#include "store/attempt_store.h"

#include "http/members.h"
#include "http/reply.h"
#include "runs/runs.h"

static json_t *hypervisor_json(const struct attempt *attempt)
{
    if (id_is_nil(attempt->hypervisor))
        return json_null();
    json_t *object = json_object();
    member_id(object, "id", attempt->hypervisor);
    member_text(object, "name", attempt->hypervisor_name);
    return object;
}

static json_t *attempt_json(const struct attempt *attempt)
{
    json_t *object = json_object();
    member_int(object, "attempt", attempt->attempt);
    member_text(object, "status", attempt->status);
    member_value(object, "hypervisor", hypervisor_json(attempt));
    member_text(object, "image_digest", attempt->image_digest);
    member_count(object, "exit_code", attempt->exit_code);
    member_text(object, "termination_reason", attempt->termination_reason);
    member_text(object, "termination_message", attempt->termination_message);
    member_bool(object, "oom_killed", attempt->oom_killed);
    member_count(object, "pull_ms", attempt->pull_ms);
    member_count(object, "start_ms", attempt->start_ms);
    member_count(object, "cpu_ms", attempt->cpu_ms);
    member_count(object, "memory_peak_bytes", attempt->memory_peak_bytes);
    member_int(object, "log_lines", attempt->log_lines);
    member_time(object, "assigned_at", attempt->assigned_at_us);
    member_time(object, "started_at", attempt->started_at_us);
    member_time(object, "completed_at", attempt->completed_at_us);
    return object;
}

static void on_list(struct request *rq, const struct rows *rows)
{
    if (rows_count(rows) == 0) {
        reply_error(rq, ERR_NOT_FOUND, "There is no such run");
        return;
    }
    json_t *attempts = json_array();
    for (int i = 0; i < rows_count(rows); i++) {
        struct attempt attempt;
        attempt_store_read(rows, i, &attempt);
        if (attempt.attempt > 0)
            (void)json_array_append_new(attempts, attempt_json(&attempt));
    }
    reply_json(rq, 200, json_pack("{s:o}", "attempts", attempts));
}

void run_attempts_list(struct request *rq)
{
    struct params p;
    run_store_place_params(&p, runs_place(rq));
    request_query(rq, &attempt_store_list, &p, on_list);
}
