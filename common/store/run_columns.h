/* SPDX-License-Identifier: Apache-2.0
 *
 * What statements that answer runs have in common: the columns that run_store_read() takes, of
 * `runs r`, and what they are joined with.
 */
#ifndef ERRAND_STORE_RUN_COLUMNS_H
#define ERRAND_STORE_RUN_COLUMNS_H

#include "store/catalog_store.h"
#include "store/health_store.h"

#define TEXT_OF(macro) #macro
#define TEXT(macro) TEXT_OF(macro)

/* Nobody places runs: no scheduler has said for 10 s that it leads. Asked once a statement, and
 * here because a function would be planned anew in each. */
#define SCHEDULER_IS_DOWN                                                                          \
    "(SELECT NOT EXISTS (SELECT FROM leases WHERE role = 'scheduler'"                              \
    " AND renewed_at > now() - make_interval(secs => " TEXT(HEALTH_STORE_LEASE_SECONDS) ")))"

/* Why a run waits is said when it is read: a million runs of a size share one note. */
#define PENDING_REASON                                                                             \
    "CASE r.state WHEN 'pending' THEN coalesce(r.hold,"                                            \
    " CASE WHEN " SCHEDULER_IS_DOWN " THEN 'scheduler_down' END, q.reason, r.pending_reason) END"
#define PENDING_MESSAGE                                                                            \
    "CASE WHEN r.state <> 'pending' THEN NULL"                                                     \
    " WHEN r.hold = 'concurrency_limit' THEN held_message(r.runner_id, r.created_at, r.id)"        \
    " WHEN r.hold IS NOT NULL THEN r.pending_message"                                              \
    " WHEN " SCHEDULER_IS_DOWN " THEN 'no scheduler has been heard of for 10 s'"                   \
    " ELSE coalesce(q.message, r.pending_message) END"

/* What is read, of `runs r`, `hypervisors h` and `log_heads l`. Column 0 is the statement's own. */
#define RUN_READ(X)                                                                                \
    X(ID, "r.id")                                                                                  \
    X(RUNNER, "r.runner_id")                                                                       \
    X(RUNNER_VERSION, "r.runner_version")                                                          \
    X(STATE, "r.state")                                                                            \
    X(ATTEMPT, "r.attempt")                                                                        \
    X(STOP_REQUESTED, "r.stop_requested")                                                          \
    X(PRIORITY, "r.priority")                                                                      \
    X(HYPERVISOR, "r.hypervisor_id")                                                               \
    X(HYPERVISOR_NAME, "h.name")                                                                   \
    X(PRICE_SECOND_NANO, "r.price_second_nano")                                                    \
    X(IMAGE, "r.image")                                                                            \
    X(IMAGE_DIGEST, "r.image_digest")                                                              \
    X(COMMAND, "r.command")                                                                        \
    X(ARGV, "to_jsonb(r.argv)::text")                                                              \
    X(ENTRYPOINT, "r.entrypoint")                                                                  \
    X(TIMEOUT_SECONDS, "r.timeout_seconds")                                                        \
    X(LABELS, "r.labels::text")                                                                    \
    X(ENV_KEYS, "to_jsonb(r.env_keys)::text")                                                      \
    X(TRIGGER_KIND, "r.trigger_kind")                                                              \
    X(TRIGGER_BY, "r.trigger_by")                                                                  \
    X(TRIGGER_REF, "r.trigger_ref")                                                                \
    X(PENDING_REASON, PENDING_REASON)                                                              \
    X(PENDING_MESSAGE, PENDING_MESSAGE)                                                            \
    X(RETRIES, "r.retries")                                                                        \
    X(RETRY, "r.retry::text")                                                                      \
    X(TERMINATION_REASON, "r.termination_reason")                                                  \
    X(TERMINATION_MESSAGE, "r.termination_message")                                                \
    X(EXIT_CODE, "r.exit_code")                                                                    \
    X(OOM_KILLED, "r.oom_killed")                                                                  \
    X(PULL_MS, "r.pull_ms")                                                                        \
    X(START_MS, "r.start_ms")                                                                      \
    X(CPU_MS, "r.cpu_ms")                                                                          \
    X(MEMORY_PEAK_BYTES, "r.memory_peak_bytes")                                                    \
    X(IO_READ_BYTES, "r.io_read_bytes")                                                            \
    X(IO_WRITE_BYTES, "r.io_write_bytes")                                                          \
    X(LOG_LINES, "l.last_id")                                                                      \
    X(LOG_BYTES, "r.log_bytes")                                                                    \
    X(LOG_TRUNCATED, "r.log_truncated")                                                            \
    X(CREATED_AT, "r.created_at")                                                                  \
    X(UPDATED_AT, "r.updated_at")                                                                  \
    X(ASSIGNED_AT, "r.assigned_at")                                                                \
    X(STARTED_AT, "r.started_at")                                                                  \
    X(COMPLETED_AT, "r.completed_at")

#define READ_ENUM(name, sql) COLUMN_##name,
#define READ_SQL(name, sql) ", " sql

enum {
    COLUMN_OF_STATEMENT,
    RUN_READ(READ_ENUM) /* then: */
    COLUMN_REGION,
    COLUMN_TYPE = COLUMN_REGION + CATALOG_REGION_COLUMN_COUNT,
};

#define RUN_COLUMNS RUN_READ(READ_SQL) CATALOG_REGION_COLUMNS CATALOG_TYPE_COLUMNS
#define RUN_NOTE                                                                                   \
    " q.region_id = r.region_id AND q.memory_mb = r.memory_mb AND q.cpu_milli = r.cpu_milli"       \
    " AND q.placement_labels = r.placement_labels"
#define RUN_JOINS                                                                                  \
    " LEFT JOIN regions g ON g.id = r.region_id"                                                   \
    " LEFT JOIN instance_types t ON t.id = r.instance_type_id"                                     \
    " LEFT JOIN hypervisors h ON h.id = r.hypervisor_id"                                           \
    " LEFT JOIN log_heads l ON l.run_id = r.id AND l.attempt = r.attempt"                          \
    " LEFT JOIN queue_notes q ON r.state = 'pending' AND" RUN_NOTE

/* Which run: $1 id, $2 project, $3 runner or NULL. */
#define RUN_PLACE " id = $1 AND project_id = $2 AND ($3::uuid IS NULL OR runner_id = $3)"

/* A point of priority is worth so much waiting. All grow older alike, so the order of two runs
 * never changes and is one column. */
#define PRIORITY_WORTH "1 minute"

#endif
