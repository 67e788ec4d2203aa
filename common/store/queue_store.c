/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue_store.h"

#define PAGE_ROWS                                                                                  \
    "SELECT priority, id, project_id, memory_mb, cpu_milli, pending_reason, pending_message"       \
    " FROM runs WHERE region_id = $1 AND state = 'pending' AND NOT stop_requested"                 \
    " AND memory_mb <= $4::bigint AND cpu_milli <= $5::bigint"

/* The rest of the priority where the last page ended, then those below: two ranges of the index
 * runs_queue, where one condition with OR would read from the head again for every page. */
static const char sql_page[] =
    "(" PAGE_ROWS " AND priority = $2::int AND id > $3 ORDER BY id LIMIT $6::int)"
    " UNION ALL"
    " (" PAGE_ROWS " AND priority < $2::int ORDER BY priority DESC, id LIMIT $6::int)"
    " ORDER BY priority DESC, id LIMIT $6::int";

/* The lock on the hypervisor holds off a cordon until the assignment is committed, and one that
 * came first is seen. */
static const char sql_assign[] =
    "WITH batch AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS b (run, hypervisor)),"
    " ready AS (SELECT id FROM hypervisors"
    "    WHERE id IN (SELECT hypervisor FROM batch) AND status = 'ready' ORDER BY id FOR SHARE),"
    " claimed AS (SELECT r.id, b.hypervisor FROM runs r JOIN batch b ON b.run = r.id"
    "    WHERE r.state = 'pending' AND NOT r.stop_requested"
    "    AND b.hypervisor IN (SELECT id FROM ready)"
    "    FOR UPDATE OF r SKIP LOCKED)"
    " UPDATE runs r SET state = 'assigned', attempt = r.attempt + 1,"
    "    hypervisor_id = claimed.hypervisor, assigned_at = now(), updated_at = now(),"
    "    pending_reason = NULL, pending_message = NULL"
    " FROM claimed WHERE r.id = claimed.id"
    " RETURNING r.id, r.hypervisor_id, r.attempt";

static const char sql_explain[] =
    "UPDATE runs r SET pending_reason = b.reason, pending_message = b.message"
    " FROM unnest($1::uuid[], $2::text[], $3::text[]) AS b (run, reason, message)"
    " WHERE r.id = b.run AND r.state = 'pending'";

static const char sql_requeue_silent[] =
    "UPDATE runs r SET"
    "    state = CASE WHEN r.stop_requested THEN 'canceled' ELSE 'pending' END,"
    "    hypervisor_id = CASE WHEN r.stop_requested THEN h.id END,"
    "    assigned_at = CASE WHEN r.stop_requested THEN r.assigned_at END,"
    "    completed_at = CASE WHEN r.stop_requested THEN now() END,"
    "    termination_reason = CASE WHEN r.stop_requested THEN 'canceled' END,"
    "    pending_reason = CASE WHEN NOT r.stop_requested THEN 'queued' END,"
    "    pending_message = CASE WHEN NOT r.stop_requested"
    "        THEN 'hypervisor ' || h.name || ' was lost before it started the run' END,"
    "    updated_at = now()"
    " FROM hypervisors h"
    " WHERE r.hypervisor_id = h.id AND r.state = 'assigned' AND " HYPERVISOR_STORE_IS_SILENT
    " RETURNING r.id, h.id, r.state";

static const char sql_fail_silent[] =
    "UPDATE runs r SET"
    "    state = CASE WHEN r.stop_requested THEN 'canceled' ELSE 'failed' END,"
    "    termination_reason = CASE WHEN r.stop_requested THEN 'canceled'"
    "        ELSE 'hypervisor_lost' END,"
    "    termination_message = 'hypervisor ' || h.name || ' has not been heard of since '"
    "        || to_char(h.last_seen_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
    "    completed_at = now(), updated_at = now()"
    " FROM hypervisors h"
    " WHERE r.hypervisor_id = h.id AND r.state = 'running' AND " HYPERVISOR_STORE_IS_SILENT
    " RETURNING r.id, h.id, r.state";

static const char sql_notify[] = "SELECT pg_notify($1, id::text) FROM unnest($2::uuid[]) AS id";

const struct statement queue_store_page = {"queue_page", sql_page, .repeatable = true};
const struct statement queue_store_assign = {"queue_assign", sql_assign, .repeatable = false};
const struct statement queue_store_explain = {"queue_explain", sql_explain, .repeatable = true};
const struct statement queue_store_requeue_silent = {"queue_requeue_silent", sql_requeue_silent,
                                                     .repeatable = true};
const struct statement queue_store_fail_silent = {"queue_fail_silent", sql_fail_silent,
                                                  .repeatable = true};
const struct statement queue_store_notify = {"queue_notify", sql_notify, .repeatable = true};

void queue_store_page_params(struct params *p, const struct queue_page *page)
{
    params_init(p, 512);
    params_add_id(p, page->region);
    params_add_i64(p, page->after.priority);
    params_add_id(p, page->after.run);
    params_add_i64(p, page->max_memory_mb);
    params_add_i64(p, page->max_cpu_milli);
    params_add_i64(p, page->limit);
}

void queue_store_read(const struct rows *rows, int row, struct queued_run *ret_run)
{
    *ret_run = (struct queued_run){
        .place = {.priority = row_i64(rows, row, 0, 0), .run = row_id(rows, row, 1)},
        .project = row_id(rows, row, 2),
        .memory_mb = row_i64(rows, row, 3, 0),
        .cpu_milli = row_i64(rows, row, 4, 0),
        .pending_reason = row_text(rows, row, 5),
        .pending_message = row_text(rows, row, 6),
    };
}

void queue_store_assign_params(struct params *p, const struct queue_assignment *items, size_t n)
{
    params_init(p, 256 + 64 * n);
    params_add_id_column(p, &items->run, n, sizeof(*items));
    params_add_id_column(p, &items->hypervisor, n, sizeof(*items));
}

void queue_store_read_assigned(const struct rows *rows, int row, struct queue_assignment *ret_item)
{
    *ret_item = (struct queue_assignment){
        .run = row_id(rows, row, 0),
        .hypervisor = row_id(rows, row, 1),
    };
}

void queue_store_explain_params(struct params *p, const struct queue_reason *items, size_t n)
{
    const char *reasons[QUEUE_REASONS_MAX];
    const char *messages[QUEUE_REASONS_MAX];
    for (size_t i = 0; i < n; i++) {
        reasons[i] = items[i].reason;
        messages[i] = items[i].message;
    }
    params_init(p, 256 + 1024 * n);
    params_add_id_column(p, &items->run, n, sizeof(*items));
    params_add_text_array(p, reasons, n);
    params_add_text_array(p, messages, n);
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
