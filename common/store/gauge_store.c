/* SPDX-License-Identifier: Apache-2.0
 *
 * Each part of the queue has an index of its own; the conditions are spelled as theirs are.
 */
#include "store/gauge_store.h"

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(value) #value

#define PART(reason, condition, age)                                                               \
    "SELECT region_id, '" reason "' AS reason, count(*) AS n, " age " AS since"                    \
    " FROM (SELECT * FROM runs WHERE state = 'pending' AND " condition                             \
    "       LIMIT " TEXT_OF(GAUGE_STORE_RUNS_MAX) ") part GROUP BY region_id"

static const char sql_queue[] =
    "SELECT g.slug, q.reason, q.n,"
    "  greatest(0, coalesce(extract(epoch FROM now() - q.since), 0) * 1000)::bigint"
    " FROM (" PART("queued", "hold IS NULL", "min(created_at)") " UNION ALL " PART(
        "concurrency_limit", "hold = 'concurrency_limit'",
        "NULL::timestamptz") " UNION ALL " PART("waiting_retry", "hold = 'waiting_retry'",
                                                "NULL::timestamptz") ") q"
                                                                     " JOIN regions g ON g.id = "
                                                                     "q.region_id ORDER BY g.slug, "
                                                                     "q.reason";

static const char sql_hypervisors[] =
    "SELECT h.name, g.slug, h.status, h.version, h.memory_total_mb, h.memory_free_mb,"
    "  h.disk_free_bytes, h.images_cached,"
    "  greatest(0, extract(epoch FROM now() - h.last_seen_at) * 1000)::bigint, h.clock_ms,"
    "  coalesce(r.running, 0), coalesce(r.given, 0)"
    " FROM hypervisors h JOIN regions g ON g.id = h.region_id"
    " LEFT JOIN (SELECT hypervisor_id, count(*) FILTER (WHERE state = 'running') AS running,"
    "    count(*) FILTER (WHERE state = 'assigned') AS given"
    "  FROM runs WHERE state IN ('assigned', 'running') GROUP BY 1) r ON r.hypervisor_id = h.id"
    " WHERE h.removed_at IS NULL ORDER BY h.name LIMIT " TEXT_OF(GAUGE_STORE_HYPERVISORS_MAX);

static const char sql_whole[] =
    "SELECT (SELECT coalesce(max(version), 0)::bigint FROM schema_migrations),"
    " (SELECT (extract(epoch FROM now() - renewed_at) * 1000)::bigint FROM leases"
    "   WHERE role = 'scheduler'),"
    " (SELECT holder FROM leases WHERE role = 'scheduler'),"
    " (SELECT count(*) FROM api_replicas WHERE seen_at > now() - interval '30 seconds'),"
    " pg_database_size(current_database()),"
    " (SELECT sum(numbackends)::bigint FROM pg_stat_database),"
    " current_setting('max_connections')::bigint, pg_is_in_recovery(),"
    " (SELECT count(*) FROM pg_stat_replication),"
    " current_setting('server_version'), now()";

const struct statement gauge_store_queue = {"gauge_queue", sql_queue, .repeatable = true};
const struct statement gauge_store_hypervisors = {"gauge_hypervisors", sql_hypervisors,
                                                  .repeatable = true};
const struct statement gauge_store_whole = {"gauge_whole", sql_whole, .repeatable = true};

void gauge_store_read_queue(const struct rows *rows, int row, struct queue_gauge *ret_gauge)
{
    *ret_gauge = (struct queue_gauge){
        .region = row_text(rows, row, 0),
        .reason = row_text(rows, row, 1),
        .runs = row_i64(rows, row, 2, 0),
        .oldest_ms = row_i64(rows, row, 3, 0),
    };
}

void gauge_store_read_hypervisor(const struct rows *rows, int row,
                                 struct hypervisor_gauge *ret_gauge)
{
    *ret_gauge = (struct hypervisor_gauge){
        .name = row_text(rows, row, 0),
        .region = row_text(rows, row, 1),
        .status = row_text(rows, row, 2),
        .version = row_text(rows, row, 3),
        .memory_total_mb = row_i64(rows, row, 4, 0),
        .memory_free_mb = row_i64(rows, row, 5, 0),
        .disk_free_bytes = row_i64(rows, row, 6, 0),
        .images_cached = row_i64(rows, row, 7, 0),
        .silent_ms = row_i64(rows, row, 8, 0),
        .clock_ms = row_i64(rows, row, 9, 0),
        .runs = row_i64(rows, row, 10, 0),
        .runs_given = row_i64(rows, row, 11, 0),
    };
}

void gauge_store_read_whole(const struct rows *rows, struct whole_gauge *ret_gauge)
{
    *ret_gauge = (struct whole_gauge){
        .schema_version = row_i64(rows, 0, 0, 0),
        .scheduler_silent_ms = row_i64(rows, 0, 1, -1),
        .scheduler = row_text(rows, 0, 2),
        .replicas = row_i64(rows, 0, 3, 0),
        .database_bytes = row_i64(rows, 0, 4, 0),
        .sessions = row_i64(rows, 0, 5, 0),
        .sessions_max = row_i64(rows, 0, 6, 0),
        .is_replica = row_bool(rows, 0, 7),
        .standbys = row_i64(rows, 0, 8, 0),
        .version = row_text(rows, 0, 9),
        .now_us = row_time_us(rows, 0, 10),
    };
}
