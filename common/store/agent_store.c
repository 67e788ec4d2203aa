/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock of a hypervisor may be off: its times are kept between what was known here before and
 * now, so that no run starts before it was assigned or takes less than no time.
 */
#include "store/agent_store.h"

#include "store/queue_store.h"

#define PARAMS_BYTES (64 << 10)
#define KEY_BYTES 32
#define MESSAGE_CHARS_MAX "1000"

static const char sql_register[] =
    "WITH hypervisor AS ("
    " INSERT INTO hypervisors (id, name, region_id, cpu_milli, memory_total_mb, memory_free_mb,"
    "   disk_free_bytes, version, runtimes, public_key, labels)"
    " SELECT $1::uuid, $3, regions.id, $5::int, $6::int, $6::int, $7::bigint, $8, $9::text[],"
    "   $10::bytea, $12::jsonb FROM regions WHERE slug = $4"
    " ON CONFLICT (name) WHERE removed_at IS NULL DO UPDATE SET region_id = excluded.region_id,"
    "   cpu_milli = excluded.cpu_milli, memory_total_mb = excluded.memory_total_mb,"
    "   memory_free_mb = least(hypervisors.memory_free_mb, excluded.memory_total_mb),"
    "   disk_free_bytes = excluded.disk_free_bytes, version = excluded.version,"
    "   runtimes = excluded.runtimes, public_key = excluded.public_key,"
    "   labels = excluded.labels, last_seen_at = now(),"
    "   status = CASE hypervisors.status WHEN 'lost' THEN 'ready' ELSE hypervisors.status END"
    " RETURNING id"
    "), credential AS ("
    " INSERT INTO tokens (id, kind, hash, name, hypervisor_id)"
    " SELECT $2::uuid, 'hypervisor', $11::bytea, $3, id FROM hypervisor"
    " ON CONFLICT (hypervisor_id) WHERE kind = 'hypervisor' DO UPDATE SET hash = excluded.hash"
    ")"
    " SELECT id FROM hypervisor";

static const char sql_heartbeat[] =
    "UPDATE hypervisors h SET memory_total_mb = $2::int, memory_free_mb = $3::int,"
    "   disk_free_bytes = $4::bigint, images_cached = $5::int, last_seen_at = now(),"
    "   clock_ms = $6::bigint,"
    "   status = CASE h.status WHEN 'lost' THEN 'ready' ELSE h.status END"
    " FROM (SELECT * FROM hypervisors WHERE id = $1 FOR UPDATE) old WHERE h.id = old.id"
    " RETURNING old.status = 'lost' OR old.memory_total_mb <> h.memory_total_mb"
    "   OR old.memory_free_mb <> h.memory_free_mb";

#define FENCE "id = $1 AND attempt = $2::int AND hypervisor_id = $3::uuid"

static const char sql_current[] =
    "SELECT EXISTS (SELECT FROM runs WHERE " FENCE " AND state IN ('assigned', 'running'))";

/* The attempt is over and went back to the queue because this hypervisor said so. */
#define ENDED_HERE                                                                                 \
    "EXISTS (SELECT FROM run_attempts WHERE run_id = $1 AND attempt = $2::int"                     \
    " AND hypervisor_id = $3::uuid AND log_lines IS NOT NULL)"

static const char sql_started[] =
    "WITH moved AS ("
    " UPDATE runs SET state = 'running', pending_reason = NULL, pending_message = NULL,"
    "   started_at = greatest(assigned_at, created_at, least($4::timestamptz, now())),"
    "   image_digest = coalesce($5, image_digest), pull_ms = $6::bigint, start_ms = $7::bigint,"
    "   image_pulled = $8::boolean, updated_at = now()"
    " WHERE " FENCE " AND state = 'assigned' RETURNING 1"
    ")"
    " SELECT EXISTS (SELECT FROM moved) OR EXISTS (SELECT FROM runs WHERE " FENCE
    "   AND state <> 'assigned' AND termination_reason IS DISTINCT FROM 'hypervisor_lost')"
    "   OR " ENDED_HERE;

/* `target` is the run as it is under its lock, with the delay after which it is tried again, if it
 * is. An agent that gave the run up because it was cut off says so by 'hypervisor_lost'; before the
 * start that is nobody's fault and no try. */
static const char sql_finished[] =
    "WITH target AS ("
    " SELECT *, CASE WHEN stop_requested OR $6 = 'exited' AND $5::int = 0 THEN NULL"
    "    WHEN state = 'assigned' AND $6 = 'hypervisor_lost' THEN 0"
    "    WHEN retry IS NOT NULL THEN run_retry_delay(retry, retries, $6, $5::int) END AS delay,"
    "  (state <> 'assigned' OR $6 <> 'hypervisor_lost')::int AS tries,"
    "  CASE WHEN $6 = 'exited' THEN 'exit code ' || $5::int ELSE $6 END AS outcome,"
    "  coalesce(started_at, CASE WHEN $5 IS NOT NULL"
    "    THEN greatest(assigned_at, created_at, least($4::timestamptz, now())) END) AS began_at"
    " FROM runs WHERE " FENCE " AND state IN ('assigned', 'running') FOR UPDATE"
    "), kept AS ("
    " INSERT INTO run_attempts (run_id, attempt, hypervisor_id, termination_reason,"
    "   termination_message, exit_code, oom_killed, image_digest, pull_ms, start_ms, cpu_ms,"
    "   memory_peak_bytes, log_lines, log_bytes, log_truncated, assigned_at, started_at,"
    "   completed_at)"
    " SELECT id, attempt, hypervisor_id, $6, left($7, " MESSAGE_CHARS_MAX "), $5::int,"
    "   $13::boolean, image_digest, pull_ms, start_ms, $11::bigint, $12::bigint, $8::bigint,"
    "   $9::bigint, $10::boolean, assigned_at, began_at,"
    "   greatest(began_at, assigned_at, created_at, least($4::timestamptz, now()))"
    " FROM target WHERE delay IS NOT NULL"
    "), again AS ("
    " UPDATE runs SET " QUEUE_STORE_AGAIN
    " FROM target WHERE runs.id = target.id AND target.delay IS NOT NULL RETURNING 1"
    "), moved AS ("
    " UPDATE runs SET"
    "   state = CASE WHEN runs.stop_requested THEN 'canceled'"
    "     WHEN $6 = 'exited' AND $5::int = 0 THEN 'succeeded' ELSE 'failed' END,"
    "   termination_reason = CASE WHEN runs.stop_requested"
    "     THEN coalesce(runs.stop_reason, 'canceled') ELSE $6 END,"
    "   termination_message = left($7, " MESSAGE_CHARS_MAX "), exit_code = $5::int,"
    "   pending_reason = NULL, pending_message = NULL,"
    "   started_at = began_at,"
    "   completed_at = greatest(began_at, runs.assigned_at, runs.created_at,"
    "     least($4::timestamptz, now())),"
    "   log_lines = $8::bigint, log_bytes = $9::bigint, log_truncated = $10::boolean,"
    "   cpu_ms = $11::bigint, memory_peak_bytes = $12::bigint, oom_killed = $13::boolean,"
    "   io_read_bytes = $14::bigint, io_write_bytes = $15::bigint,"
    "   updated_at = now()"
    " FROM target WHERE runs.id = target.id AND target.delay IS NULL RETURNING 1"
    ")"
    " SELECT EXISTS (SELECT FROM moved) OR EXISTS (SELECT FROM again)"
    "   OR EXISTS (SELECT FROM runs WHERE " FENCE "   AND state NOT IN ('assigned', 'running')"
    "   AND termination_reason IS DISTINCT FROM 'hypervisor_lost') OR " ENDED_HERE;

const struct statement agent_store_register = {"agent_register", sql_register, .repeatable = true};
const struct statement agent_store_heartbeat = {"agent_heartbeat", sql_heartbeat,
                                                .repeatable = true};
const struct statement agent_store_current = {"agent_current", sql_current, .repeatable = true};
const struct statement agent_store_started = {"agent_started", sql_started, .repeatable = true};
const struct statement agent_store_finished = {"agent_finished", sql_finished, .repeatable = true};

void agent_store_register_params(struct params *p, const struct agent_registration *r)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, r->hypervisor);
    params_add_id(p, r->token);
    params_add_text(p, r->name);
    params_add_text(p, r->region);
    params_add_i64(p, r->cpu_milli);
    params_add_i64(p, r->memory_total_mb);
    params_add_i64(p, r->disk_free_bytes);
    params_add_text(p, r->version);
    params_add_text_array(p, r->runtimes, r->runtimes_n);
    params_add_bytes(p, r->public_key, KEY_BYTES);
    params_add_bytes(p, r->credential_hash, KEY_BYTES);
    params_add_text(p, r->labels);
}

struct id agent_store_registered_id(const struct rows *rows)
{
    return row_id(rows, 0, 0);
}

void agent_store_heartbeat_params(struct params *p, struct id hypervisor,
                                  const struct agent_vitals *vitals)
{
    params_init(p, PARAMS_BYTES);
    params_add_id(p, hypervisor);
    params_add_i64(p, vitals->memory_total_mb);
    params_add_i64(p, vitals->memory_free_mb);
    params_add_i64(p, vitals->disk_free_bytes);
    params_add_i64(p, vitals->images_cached);
    params_add_i64(p, vitals->clock_ms);
}

bool agent_store_room_changed(const struct rows *rows)
{
    return row_bool(rows, 0, 0);
}

static void add_fence(struct params *p, const struct agent_fence *fence)
{
    params_add_id(p, fence->run);
    params_add_i64(p, fence->attempt);
    params_add_id(p, fence->hypervisor);
}

void agent_store_current_params(struct params *p, const struct agent_fence *fence)
{
    params_init(p, PARAMS_BYTES);
    add_fence(p, fence);
}

void agent_store_started_params(struct params *p, const struct agent_fence *fence,
                                const struct agent_start *start)
{
    params_init(p, PARAMS_BYTES);
    add_fence(p, fence);
    params_add_time(p, start->at_us);
    params_add_text(p, start->image_digest);
    params_add_i64(p, start->pull_ms);
    params_add_i64(p, start->start_ms);
    if (start->image_pulled != NULL)
        params_add_bool(p, *start->image_pulled);
    else
        params_add_null(p);
}

void agent_store_finished_params(struct params *p, const struct agent_fence *fence,
                                 const struct agent_finish *finish)
{
    params_init(p, PARAMS_BYTES);
    add_fence(p, fence);
    params_add_time(p, finish->at_us);
    if (finish->has_exit_code)
        params_add_i64(p, finish->exit_code);
    else
        params_add_null(p);
    params_add_text(p, termination_reason_name(finish->reason));
    params_add_text(p, finish->message);
    params_add_i64(p, finish->log_lines);
    params_add_i64(p, finish->log_bytes);
    params_add_bool(p, finish->log_truncated);
    params_add_i64(p, finish->cpu_ms);
    params_add_i64(p, finish->memory_peak_bytes);
    params_add_bool(p, finish->oom_killed);
    params_add_i64(p, finish->io_read_bytes);
    params_add_i64(p, finish->io_write_bytes);
}

bool agent_store_accepted(const struct rows *rows)
{
    return row_bool(rows, 0, 0);
}
