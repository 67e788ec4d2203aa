/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue_store.h"

#include <string.h>

/* A skip scan: the next lane is the first entry of the index behind the one before, so the cost is
 * a descent a lane however long the lanes are. */
static const char sql_lanes[] =
    "WITH RECURSIVE lane AS ("
    " (SELECT project_id, memory_mb, cpu_milli, placement_labels, 1 AS n FROM runs"
    "  WHERE region_id = $1 AND state = 'pending' AND hold IS NULL"
    "  AND (project_id, memory_mb, cpu_milli, placement_labels)"
    "      > ($2::uuid, $3::int, $4::int, $5::text)"
    "  ORDER BY project_id, memory_mb, cpu_milli, placement_labels LIMIT 1)"
    " UNION ALL"
    " SELECT next.*, lane.n + 1 FROM lane, LATERAL"
    " (SELECT r.project_id, r.memory_mb, r.cpu_milli, r.placement_labels FROM runs r"
    "  WHERE r.region_id = $1 AND r.state = 'pending' AND r.hold IS NULL"
    "  AND (r.project_id, r.memory_mb, r.cpu_milli, r.placement_labels)"
    "      > (lane.project_id, lane.memory_mb, lane.cpu_milli, lane.placement_labels)"
    "  ORDER BY r.project_id, r.memory_mb, r.cpu_milli, r.placement_labels LIMIT 1) next"
    " WHERE lane.n < $6::int"
    ") SELECT project_id, memory_mb, cpu_milli, placement_labels FROM lane";

static const char sql_read_lanes[] =
    "SELECT l.n - 1, r.queue_at, r.id, r.runner_id,"
    "  hashtextextended(coalesce(r.image_digest, r.image), 0),"
    "  greatest(0, extract(epoch FROM now() - r.created_at) * 1000000)::bigint"
    " FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[],"
    "             $7::uuid[], $8::bigint[])"
    "      WITH ORDINALITY AS l(project, memory_mb, cpu_milli, labels, after_at, after_id, rows, n)"
    " CROSS JOIN LATERAL (SELECT queue_at, id, runner_id, image_digest, image, created_at"
    "   FROM runs WHERE region_id = $1 AND state = 'pending' AND hold IS NULL"
    "   AND project_id = l.project AND memory_mb = l.memory_mb::int"
    "   AND cpu_milli = l.cpu_milli::int AND placement_labels = l.labels"
    "   AND (queue_at, id) > (l.after_at, l.after_id)"
    "   ORDER BY queue_at, id LIMIT l.rows) r"
    " ORDER BY l.n, r.queue_at, r.id";

static const char sql_usage[] =
    "SELECT project_id, sum(memory_mb)::bigint FROM runs"
    " WHERE region_id = $1 AND state IN ('assigned', 'running') GROUP BY project_id";

/* The lock on the hypervisor holds off a cordon until the assignment is committed, and one that
 * came first is seen. What another may be started in place of is leased: it would be tried again
 * when its hypervisor is lost, or another waits for its slot. */
static const char sql_assign[] =
    "WITH batch AS MATERIALIZED ("
    "  SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS b (run, hypervisor)),"
    " ready AS MATERIALIZED (SELECT id FROM hypervisors"
    "    WHERE id IN (SELECT hypervisor FROM batch) AND status = 'ready' AND removed_at IS NULL"
    "    ORDER BY id FOR SHARE),"
    " claimed AS MATERIALIZED (SELECT r.id, b.hypervisor FROM batch b"
    "    JOIN ready ON ready.id = b.hypervisor JOIN runs r ON r.id = b.run"
    "    WHERE r.state = 'pending' AND r.hold IS NULL AND NOT r.stop_requested"
    "    FOR UPDATE OF r SKIP LOCKED)"
    " UPDATE runs r SET state = 'assigned', attempt = r.attempt + 1,"
    "    hypervisor_id = claimed.hypervisor, assigned_at = now(), updated_at = now(),"
    "    pending_reason = NULL, pending_message = NULL, start_lease_seconds = $3::int,"
    "    run_lease_seconds = CASE WHEN r.slot IS NOT NULL OR r.retry -> 'on' ? 'hypervisor_lost'"
    "      THEN $4::int END"
    " FROM claimed WHERE r.id = claimed.id"
    " RETURNING r.id, r.hypervisor_id";

/* What is not a note any more goes, the rest is written only if it differs. */
static const char sql_put_notes[] =
    "WITH note AS (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[],"
    "    $6::text[]) AS n(memory_mb, cpu_milli, labels, reason, message)"
    "), gone AS ("
    " DELETE FROM queue_notes q WHERE region_id = $1 AND NOT EXISTS (SELECT FROM note n"
    "    WHERE n.memory_mb = q.memory_mb AND n.cpu_milli = q.cpu_milli"
    "    AND n.labels = q.placement_labels)"
    ")"
    " INSERT INTO queue_notes AS q (region_id, memory_mb, cpu_milli, placement_labels, reason,"
    "    message)"
    " SELECT $1, n.* FROM note n"
    " ON CONFLICT (region_id, memory_mb, cpu_milli, placement_labels) DO UPDATE"
    " SET reason = excluded.reason, message = excluded.message, updated_at = now()"
    " WHERE (q.reason, q.message) <> (excluded.reason, excluded.message)";

static const char sql_some_are_held[] =
    "SELECT EXISTS (SELECT FROM runs WHERE state = 'pending' AND hold = 'concurrency_limit')";

static const char sql_admit_after[] =
    "SELECT coalesce(sum(run_admit(runner_id)), 0)::bigint, NULL::uuid"
    " FROM (SELECT DISTINCT runner_id FROM runs WHERE id = ANY ($1::uuid[]) AND slot IS NOT NULL"
    "       ORDER BY runner_id) ended";

static const char sql_admit_all[] =
    "WITH RECURSIVE held AS ("
    " (SELECT runner_id, 1 AS n FROM runs WHERE state = 'pending' AND hold = 'concurrency_limit'"
    "  AND runner_id > $1 ORDER BY runner_id LIMIT 1)"
    " UNION ALL"
    " SELECT next.runner_id, held.n + 1 FROM held, LATERAL (SELECT r.runner_id FROM runs r"
    "   WHERE r.state = 'pending' AND r.hold = 'concurrency_limit'"
    "   AND r.runner_id > held.runner_id ORDER BY r.runner_id LIMIT 1) next"
    " WHERE held.n < $2::int"
    "), admitted AS ("
    " SELECT runner_id, n, run_admit(runner_id) AS changed FROM held"
    ")"
    " SELECT coalesce(sum(changed), 0)::bigint,"
    "  CASE WHEN count(*) = $2::int THEN (max(ARRAY[runner_id]))[1] END FROM admitted";

static const char sql_release_due[] =
    "UPDATE runs SET hold = NULL, pending_reason = 'queued', updated_at = now()"
    " WHERE id IN (SELECT id FROM runs WHERE state = 'pending' AND hold = 'waiting_retry'"
    "   AND due_at <= now() ORDER BY due_at LIMIT $1::int FOR UPDATE SKIP LOCKED)"
    " RETURNING id";

static const char sql_expire[] =
    "UPDATE runs SET state = 'failed', termination_reason = 'pending_timeout',"
    "   termination_message = 'waited longer than ' || pending_timeout_seconds || ' s',"
    "   completed_at = now(), updated_at = now()"
    " WHERE id IN (SELECT id FROM runs WHERE state = 'pending' AND pending_until IS NOT NULL"
    "   AND pending_until <= now() ORDER BY pending_until LIMIT $1::int FOR UPDATE SKIP LOCKED)"
    " RETURNING id";

/* Both statements about silence. The attempt of those
 * that go back to the queue is kept, with no end of its log declared, so nothing of it is taken any
 * more. */
#define TAKE_BACK(state, delay, tries)                                                             \
    "WITH target AS ("                                                                             \
    " SELECT r.*, h.name AS hypervisor_name, h.last_seen_at,"                                      \
    "  CASE WHEN r.stop_requested THEN NULL ELSE " delay " END AS delay, " tries " AS tries,"      \
    "  'hypervisor ' || h.name || ' was lost' AS outcome"                                          \
    " FROM hypervisors h JOIN runs r ON r.hypervisor_id = h.id"                                    \
    " WHERE r.state = '" state "' AND " HYPERVISOR_STORE_IS_SILENT " FOR UPDATE OF r"              \
    "), kept AS ("                                                                                 \
    " INSERT INTO run_attempts (run_id, attempt, hypervisor_id, termination_reason,"               \
    "   termination_message, image_digest, pull_ms, start_ms, assigned_at, started_at,"            \
    "   completed_at)"                                                                             \
    " SELECT id, attempt, hypervisor_id, 'hypervisor_lost', outcome, image_digest, pull_ms,"       \
    "   start_ms, assigned_at, started_at, now() FROM target WHERE delay IS NOT NULL"              \
    "), again AS ("                                                                                \
    " UPDATE runs SET " QUEUE_STORE_AGAIN                                                          \
    " FROM target WHERE runs.id = target.id AND target.delay IS NOT NULL"                          \
    " RETURNING runs.id, target.hypervisor_id, runs.state"                                         \
    "), ended AS ("                                                                                \
    " UPDATE runs SET state = CASE WHEN runs.stop_requested THEN 'canceled' ELSE 'failed' END,"    \
    "   termination_reason = CASE WHEN runs.stop_requested"                                        \
    "     THEN coalesce(runs.stop_reason, 'canceled') ELSE 'hypervisor_lost' END,"                 \
    "   termination_message = 'hypervisor ' || hypervisor_name"                                    \
    "     || ' has not been heard of since '"                                                      \
    "     || to_char(last_seen_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"                             \
    "   completed_at = now(), updated_at = now()"                                                  \
    " FROM target WHERE runs.id = target.id AND target.delay IS NULL"                              \
    " RETURNING runs.id, runs.hypervisor_id, runs.state"                                           \
    ") SELECT * FROM again UNION ALL SELECT * FROM ended"

static const char sql_requeue_silent[] = TAKE_BACK("assigned", "0", "0");
static const char sql_fail_silent[] =
    TAKE_BACK("running", "run_retry_delay(r.retry, r.retries, 'hypervisor_lost', NULL)", "1");

static const char sql_notify[] = "SELECT pg_notify($1, id::text) FROM unnest($2::uuid[]) AS id";

const struct statement queue_store_lanes = {"queue_lanes", sql_lanes, .repeatable = true};
const struct statement queue_store_read_lanes = {"queue_read_lanes", sql_read_lanes,
                                                 .repeatable = true};
const struct statement queue_store_usage = {"queue_usage", sql_usage, .repeatable = true};
const struct statement queue_store_assign = {"queue_assign", sql_assign, .repeatable = false};
const struct statement queue_store_put_notes = {"queue_put_notes", sql_put_notes,
                                                .repeatable = true};
const struct statement queue_store_some_are_held = {"queue_some_are_held", sql_some_are_held,
                                                    .repeatable = true};
const struct statement queue_store_admit_after = {"queue_admit_after", sql_admit_after,
                                                  .repeatable = true};
const struct statement queue_store_admit_all = {"queue_admit_all", sql_admit_all,
                                                .repeatable = true};
const struct statement queue_store_release_due = {"queue_release_due", sql_release_due,
                                                  .repeatable = true};
const struct statement queue_store_expire = {"queue_expire", sql_expire, .repeatable = true};
const struct statement queue_store_requeue_silent = {"queue_requeue_silent", sql_requeue_silent,
                                                     .repeatable = true};
const struct statement queue_store_fail_silent = {"queue_fail_silent", sql_fail_silent,
                                                  .repeatable = true};
const struct statement queue_store_notify = {"queue_notify", sql_notify, .repeatable = true};

void queue_store_lanes_params(struct params *p, struct id region, const struct queue_lane *after,
                              int64_t limit)
{
    static const struct queue_lane head = {.size = {.memory_mb = -1, .labels = ""}};
    if (after == NULL)
        after = &head;
    params_init(p, 4096);
    params_add_id(p, region);
    params_add_id(p, after->project);
    params_add_i64(p, after->size.memory_mb);
    params_add_i64(p, after->size.cpu_milli);
    params_add_text(p, after->size.labels);
    params_add_i64(p, limit);
}

void queue_store_read_lane(const struct rows *rows, int row, struct queue_lane *ret_lane)
{
    *ret_lane = (struct queue_lane){
        .project = row_id(rows, row, 0),
        .size = {.memory_mb = row_i64(rows, row, 1, 0),
                 .cpu_milli = row_i64(rows, row, 2, 0),
                 .labels = row_text(rows, row, 3)},
    };
}

void queue_store_read_lanes_params(struct params *p, struct id region,
                                   const struct queue_reading *readings, size_t n)
{
    const char *labels[QUEUE_READINGS_MAX];
    for (size_t i = 0; i < n; i++)
        labels[i] = readings[i].lane.size.labels;
    params_init(p, 512 + 4096 * n);
    params_add_id(p, region);
    params_add_id_column(p, &readings->lane.project, n, sizeof(*readings));
    params_add_i64_column(p, &readings->lane.size.memory_mb, n, sizeof(*readings));
    params_add_i64_column(p, &readings->lane.size.cpu_milli, n, sizeof(*readings));
    params_add_text_array(p, labels, n);
    params_add_time_column(p, &readings->after.queue_at_us, n, sizeof(*readings));
    params_add_id_column(p, &readings->after.run, n, sizeof(*readings));
    params_add_i64_column(p, &readings->limit, n, sizeof(*readings));
}

void queue_store_read_run(const struct rows *rows, int row, struct queued_run *ret_run)
{
    *ret_run = (struct queued_run){
        .reading = row_i64(rows, row, 0, 0),
        .place = {.queue_at_us = row_time_us(rows, row, 1), .run = row_id(rows, row, 2)},
        .runner = row_id(rows, row, 3),
        .image = (uint64_t)row_i64(rows, row, 4, 0),
        .waited_us = row_i64(rows, row, 5, 0),
    };
}

void queue_store_assign_params(struct params *p, const struct queue_assignment *items, size_t n,
                               const struct queue_leases *leases)
{
    params_init(p, 256 + 64 * n);
    params_add_id_column(p, &items->run, n, sizeof(*items));
    params_add_id_column(p, &items->hypervisor, n, sizeof(*items));
    params_add_i64(p, leases->start_s);
    params_add_i64(p, leases->run_s);
}

void queue_store_read_assigned(const struct rows *rows, int row, struct queue_assignment *ret_item)
{
    *ret_item = (struct queue_assignment){
        .run = row_id(rows, row, 0),
        .hypervisor = row_id(rows, row, 1),
    };
}

void queue_store_put_notes_params(struct params *p, struct id region,
                                  const struct queue_note *items, size_t n)
{
    const char *labels[QUEUE_NOTES_MAX];
    const char *reasons[QUEUE_NOTES_MAX];
    const char *messages[QUEUE_NOTES_MAX];
    for (size_t i = 0; i < n; i++) {
        labels[i] = items[i].size.labels;
        reasons[i] = items[i].reason;
        messages[i] = items[i].message;
    }
    params_init(p, 512 + 4096 * n);
    params_add_id(p, region);
    params_add_i64_column(p, &items->size.memory_mb, n, sizeof(*items));
    params_add_i64_column(p, &items->size.cpu_milli, n, sizeof(*items));
    params_add_text_array(p, labels, n);
    params_add_text_array(p, reasons, n);
    params_add_text_array(p, messages, n);
}

void queue_store_admit_after_params(struct params *p, const struct id *runs, size_t n)
{
    params_init(p, 256 + 32 * n);
    params_add_id_column(p, runs, n, sizeof(*runs));
}

void queue_store_admit_all_params(struct params *p, struct id after, int64_t limit)
{
    params_init(p, 64);
    params_add_id(p, after);
    params_add_i64(p, limit);
}

void queue_store_read_lost(const struct rows *rows, int row, struct queue_lost_run *ret_run)
{
    *ret_run = (struct queue_lost_run){
        .run = row_id(rows, row, 0),
        .hypervisor = row_id(rows, row, 1),
        .state = row_text(rows, row, 2),
    };
}

void queue_store_notify_params(struct params *p, const char *channel, const struct id *ids,
                               size_t n)
{
    params_init(p, 256 + 32 * n);
    params_add_text(p, channel);
    params_add_id_column(p, ids, n, sizeof(*ids));
}
