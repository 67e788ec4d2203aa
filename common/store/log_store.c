/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks of an attempt touch each other, so the one that holds line n is the last that begins at or
 * before n: one step down the primary key, wherever in the log n is.
 */
#include "store/log_store.h"

#include <assert.h>
#include <string.h>

#include "model/limits.h"
#include "model/log_id.h"

#define APPEND_PARAMS_BYTES (2 * LIMIT_LOG_BATCH_BYTES + (1 << 20))
#define SMALL_PARAMS_BYTES 512
#define CHUNKS_A_READ "200" /* each may be a line */

/* of both reads; the chunk comes first (log_lines.c) */
enum {
    COLUMN_FIRST_ID,
    COLUMN_STATE = 2,
    COLUMN_ATTEMPT,
    COLUMN_STORED,
    COLUMN_LOG_LINES,
    COLUMN_EXIT_CODE,
    COLUMN_REASON,
    COLUMN_HYPERVISOR,
    COLUMN_HIDDEN,
    COLUMN_GIVEN_UP,
    COLUMN_AFTER,
};

static const char *const gap_names[] = {
    [LOG_GAP_NONE] = "",           [LOG_GAP_LOST] = "lost",           [LOG_GAP_DELETED] = "deleted",
    [LOG_GAP_EXPIRED] = "expired", [LOG_GAP_TRANSIENT] = "transient",
};

/* log_id_base() of a run's attempt. */
#define ID_BASE "(greatest(attempt - 1, 0)::bigint << 40)"

/* A run, its hypervisor's name and how far its log is stored. Logs that are not to be read are
 * hidden; a log that nothing was added to for WAIT seconds after the end is given up. That is when
 * we heard of the end: completed_at is the hypervisor's word, which may come late and with a clock
 * that is wrong. */
#define RUN_FIELDS(wait)                                                                           \
    "r.id, r.state, r.attempt, coalesce(l.last_id, 0) AS stored, r.log_lines, r.exit_code,"        \
    " r.termination_reason, h.name AS hypervisor,"                                                 \
    " CASE WHEN l.deleted THEN 'deleted' WHEN r.log_storage = 'transient' THEN 'transient'"        \
    "   WHEN r.id < k.floor_id AND l.updated_at < k.dropped_at THEN 'expired' END AS hidden,"      \
    " coalesce(r.log_lines > coalesce(l.last_id, 0) AND greatest(r.updated_at, l.updated_at)"      \
    "   < now() - make_interval(secs => " wait "), false) AS given_up"
#define RUN_TABLES(source)                                                                         \
    " FROM log_retention k, " source " LEFT JOIN hypervisors h ON h.id = r.hypervisor_id"          \
    " LEFT JOIN log_heads l ON l.run_id = r.id AND l.attempt = r.attempt"

/* `run`, which has the fields above, `after` and `max_bytes`, with its chunks from the line after
 * `after` on until they hold `max_bytes` unpacked. Sizes are known without reading the chunks. $1
 * again, and not run.id, so that the planner sees which partition it is. */
#define RUN_WITH_CHUNKS                                                                            \
    " SELECT chunk.first_id, chunk.data, run.state, run.attempt, run.stored, run.log_lines,"       \
    "        run.exit_code, run.termination_reason, run.hypervisor, run.hidden, run.given_up,"     \
    "        run.after"                                                                            \
    " FROM run LEFT JOIN LATERAL ("                                                                \
    "   SELECT * FROM ("                                                                           \
    "     SELECT c.first_id, c.data, sum(c.raw_bytes)"                                             \
    "            OVER (ORDER BY c.first_id ROWS UNBOUNDED PRECEDING) - c.raw_bytes AS n"           \
    "     FROM (SELECT first_id, data, raw_bytes FROM log_chunks"                                  \
    "           WHERE run_id = $1 AND attempt = run.attempt AND run.after < run.stored"            \
    "           AND run.hidden IS NULL"                                                            \
    "           AND first_id >= (SELECT max(b.first_id) FROM log_chunks b WHERE b.run_id = $1"     \
    "             AND b.attempt = run.attempt AND b.first_id <= run.after + 1)"                    \
    "           ORDER BY first_id LIMIT " CHUNKS_A_READ ") c"                                      \
    "   ) c WHERE c.n < run.max_bytes"                                                             \
    " ) chunk ON true ORDER BY chunk.first_id"

static const char sql_append[] =
    "WITH span AS ("
    " SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])"
    "   WITH ORDINALITY AS r(run_id, attempt, first_id, last_id, n)"
    "), judged AS ("
    " SELECT span.*, runs.id IS NOT NULL AS known, coalesce(head.last_id, 0) AS stored,"
    "        coalesce(runs.attempt = span.attempt AND runs.hypervisor_id = $1::uuid"
    "          AND (runs.state IN ('assigned', 'running') OR span.last_id <= runs.log_lines),"
    "          false)"
    "          OR EXISTS (SELECT FROM run_attempts a WHERE a.run_id = span.run_id"
    "            AND a.attempt = span.attempt AND a.hypervisor_id = $1::uuid"
    "            AND span.last_id <= a.log_lines) AS welcome,"
    "        coalesce(runs.log_storage = 'transient', false) AS transient"
    " FROM span LEFT JOIN runs ON runs.id = span.run_id"
    " LEFT JOIN log_heads head ON head.run_id = span.run_id AND head.attempt = span.attempt"
    "), moved AS ("
    " INSERT INTO log_heads (run_id, attempt, last_id)"
    " SELECT run_id, attempt, last_id FROM judged"
    " WHERE welcome AND first_id = stored + 1 ORDER BY run_id"
    " ON CONFLICT (run_id, attempt) DO UPDATE SET last_id = excluded.last_id,"
    "   updated_at = now()"
    " WHERE log_heads.last_id = (SELECT span.first_id - 1 FROM span"
    "   WHERE span.run_id = log_heads.run_id AND span.attempt = log_heads.attempt)"
    " RETURNING run_id, attempt"
    "), chunk AS ("
    " INSERT INTO log_chunks (run_id, attempt, first_id, last_id, raw_bytes, data)"
    " SELECT judged.run_id, judged.attempt, part.first_id, part.last_id, part.raw_bytes, part.data"
    " FROM unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[])"
    "   AS part(n, first_id, last_id, raw_bytes, data)"
    " JOIN judged ON judged.n = part.n AND NOT judged.transient"
    " JOIN moved ON moved.run_id = judged.run_id AND moved.attempt = judged.attempt"
    ")"
    " SELECT known, welcome, moved.run_id IS NOT NULL,"
    "        CASE WHEN moved.run_id IS NOT NULL THEN last_id ELSE stored END, transient"
    " FROM judged LEFT JOIN moved USING (run_id, attempt) ORDER BY n";

static const char sql_find[] = "SELECT FROM runs WHERE id = $1 AND project_id = $2"
                               " AND ($3::uuid IS NULL OR runner_id = $3)";

static const char sql_follow[] =
    "WITH whole AS ("
    " SELECT " RUN_FIELDS("$4::bigint")
        RUN_TABLES("runs r") " WHERE r.id = $1"
                             "), run AS ("
                             " SELECT *, greatest($2::bigint - " ID_BASE
                             ", 0) AS after, $3::bigint AS max_bytes FROM whole"
                             ")" RUN_WITH_CHUNKS;

/* The run as it is; or as it was at the end of the attempt $10. */
#define RUN_AT                                                                                     \
    "(SELECT r.id, r.project_id, r.runner_id, r.log_storage,"                                      \
    "  coalesce(a.attempt, r.attempt) AS attempt,"                                                 \
    "  CASE WHEN a.attempt IS NULL THEN r.state ELSE 'failed' END AS state,"                       \
    "  CASE WHEN a.attempt IS NULL THEN r.log_lines ELSE a.log_lines END AS log_lines,"            \
    "  coalesce(a.exit_code, r.exit_code) AS exit_code,"                                           \
    "  coalesce(a.termination_reason, r.termination_reason) AS termination_reason,"                \
    "  coalesce(a.hypervisor_id, r.hypervisor_id) AS hypervisor_id,"                               \
    "  r.updated_at"                                                                               \
    " FROM runs r LEFT JOIN run_attempts a ON a.run_id = r.id AND a.attempt = $10::int"            \
    " WHERE r.id = $1 AND ($10 IS NULL OR $10 = coalesce(a.attempt, r.attempt))) r"

static const char sql_page[] =
    "WITH whole AS ("
    " SELECT " RUN_FIELDS("$9::bigint") RUN_TABLES(
        RUN_AT) " WHERE r.id = $1 AND r.project_id = $2 AND ($3::uuid IS NULL OR r.runner_id = $3)"
                "), part AS ("
                " SELECT *, least(stored, $5::bigint - " ID_BASE " - 1) AS upto FROM whole"
                "), run AS ("
                " SELECT *, $8::bigint AS max_bytes,"
                "        greatest(0, $4::bigint - " ID_BASE ", upto - $6::bigint,"
                "                 CASE WHEN $5::bigint IS NOT NULL THEN upto - $7::bigint END) AS "
                "after"
                " FROM part"
                ")" RUN_WITH_CHUNKS;

/* First nothing more can be appended: what a frame may still bring counts as stored. */
static const char sql_forget[] =
    "WITH run AS ("
    " SELECT id, attempt, coalesce(log_lines, 0) AS lines,"
    "        state NOT IN ('pending', 'assigned', 'running') AS is_final FROM runs"
    " WHERE id = $1 AND project_id = $2 AND ($3::uuid IS NULL OR runner_id = $3)"
    "), present AS ("
    " INSERT INTO log_heads (run_id, attempt, last_id, deleted)"
    " SELECT id, attempt, lines, true FROM run WHERE is_final"
    " ON CONFLICT (run_id, attempt) DO UPDATE SET deleted = true,"
    "   last_id = greatest(log_heads.last_id, excluded.last_id)"
    "), past AS ("
    " UPDATE log_heads SET deleted = true FROM run"
    " WHERE run_id = run.id AND run.is_final AND log_heads.attempt <> run.attempt"
    ")"
    " SELECT is_final FROM run";

static const char sql_erase[] = "DELETE FROM log_chunks WHERE run_id = $1";

static const char sql_make_partitions[] = "SELECT log_partitions_make($1::int)";
static const char sql_drop_partitions[] = "SELECT log_partitions_drop($1::int)";

const struct statement log_store_append = {"log_append", sql_append, .repeatable = true};
const struct statement log_store_find = {"log_find", sql_find, .repeatable = true};
const struct statement log_store_follow = {"log_follow", sql_follow, .repeatable = true};
const struct statement log_store_page = {"log_page", sql_page, .repeatable = true};
const struct statement log_store_forget = {"log_forget", sql_forget, .repeatable = true};
const struct statement log_store_erase = {"log_erase", sql_erase, .repeatable = true};
const struct statement log_store_make_partitions = {"log_make_partitions", sql_make_partitions,
                                                    .repeatable = true};
const struct statement log_store_drop_partitions = {"log_drop_partitions", sql_drop_partitions,
                                                    .repeatable = true};

const char *log_gap_name(enum log_gap gap)
{
    return gap_names[gap];
}

void log_store_append_params(struct params *p, struct id hypervisor, const struct log_span *spans,
                             size_t spans_n, const struct log_chunk *chunks, size_t chunks_n)
{
    params_init(p, APPEND_PARAMS_BYTES);
    params_add_id(p, hypervisor);
    params_add_id_column(p, &spans->run, spans_n, sizeof(*spans));
    params_add_i64_column(p, &spans->attempt, spans_n, sizeof(*spans));
    params_add_i64_column(p, &spans->first_id, spans_n, sizeof(*spans));
    params_add_i64_column(p, &spans->last_id, spans_n, sizeof(*spans));
    params_add_i64_column(p, &chunks->span, chunks_n, sizeof(*chunks));
    params_add_i64_column(p, &chunks->first_id, chunks_n, sizeof(*chunks));
    params_add_i64_column(p, &chunks->last_id, chunks_n, sizeof(*chunks));
    params_add_i64_column(p, &chunks->raw_bytes, chunks_n, sizeof(*chunks));
    params_add_bytes_column(p, &chunks->records, chunks_n, sizeof(*chunks));
}

void log_store_read_append(const struct rows *rows, int row, struct log_append_result *ret_result)
{
    bool known = row_bool(rows, row, 0);
    bool welcome = row_bool(rows, row, 1);
    bool moved = row_bool(rows, row, 2);
    ret_result->verdict = !known     ? LOG_NO_RUN
                          : !welcome ? LOG_REFUSED
                          : moved    ? LOG_STORED
                                     : LOG_NOT_STORED;
    ret_result->last_id = row_i64(rows, row, 3, 0);
    ret_result->is_transient = row_bool(rows, row, 4);
}

static void add_run(struct params *p, struct id project, struct id runner, struct id run)
{
    params_add_id(p, run);
    params_add_id(p, project);
    if (id_is_nil(runner))
        params_add_null(p);
    else
        params_add_id(p, runner);
}

void log_store_find_params(struct params *p, struct id project, struct id runner, struct id run)
{
    params_init(p, SMALL_PARAMS_BYTES);
    add_run(p, project, runner, run);
}

void log_store_follow_params(struct params *p, struct id run, int64_t after_id, int64_t max_bytes,
                             int64_t wait_s)
{
    params_init(p, SMALL_PARAMS_BYTES);
    params_add_id(p, run);
    params_add_i64(p, after_id);
    params_add_i64(p, max_bytes);
    params_add_i64(p, wait_s);
}

static void add_positive(struct params *p, int64_t value)
{
    if (value > 0)
        params_add_i64(p, value);
    else
        params_add_null(p);
}

void log_store_page_params(struct params *p, struct id project, struct id runner, struct id run,
                           const struct log_page *page)
{
    params_init(p, SMALL_PARAMS_BYTES);
    add_run(p, project, runner, run);
    params_add_i64(p, page->after_id);
    add_positive(p, page->before_id);
    add_positive(p, page->tail);
    params_add_i64(p, page->limit);
    params_add_i64(p, page->max_bytes);
    params_add_i64(p, page->wait_s);
    add_positive(p, page->attempt);
}

void log_store_forget_params(struct params *p, struct id project, struct id runner, struct id run)
{
    params_init(p, SMALL_PARAMS_BYTES);
    add_run(p, project, runner, run);
}

void log_store_erase_params(struct params *p, struct id run)
{
    params_init(p, SMALL_PARAMS_BYTES);
    params_add_id(p, run);
}

static void read_end(const struct rows *rows, struct log_run *run)
{
    int64_t base = log_id_base(run->attempt);
    run->end = base + row_i64(rows, 0, COLUMN_LOG_LINES, run->stored - base);
    run->has_exit_code = !row_is_null(rows, 0, COLUMN_EXIT_CODE);
    run->exit_code = (int)row_i64(rows, 0, COLUMN_EXIT_CODE, 0);
    run->reason = TERMINATION_INTERNAL;
    const char *reason = row_text(rows, 0, COLUMN_REASON);
    if (reason != NULL)
        (void)!termination_reason_parse(reason, &run->reason, NULL);
}

static enum log_gap read_gap(const char *name)
{
    if (name == NULL)
        return LOG_GAP_NONE;
    for (enum log_gap gap = LOG_GAP_LOST; gap < LOG_GAP_COUNT; gap++)
        if (strcmp(name, gap_names[gap]) == 0)
            return gap;
    return LOG_GAP_NONE;
}

bool log_store_read_run(const struct rows *rows, struct log_run *ret_run)
{
    if (rows_count(rows) == 0)
        return false;

    struct log_run run = {0};
    int r = run_state_parse(row_text(rows, 0, COLUMN_STATE), &run.state, NULL);
    assert(r == 0); /* the column has a CHECK */
    run.attempt = (uint32_t)row_i64(rows, 0, COLUMN_ATTEMPT, 0);
    run.stored = log_id_base(run.attempt) + row_i64(rows, 0, COLUMN_STORED, 0);
    read_end(rows, &run);
    const char *hypervisor = row_text(rows, 0, COLUMN_HYPERVISOR);
    (void)snprintf(run.hypervisor, sizeof(run.hypervisor), "%s",
                   hypervisor != NULL ? hypervisor : "");
    run.hidden = read_gap(row_text(rows, 0, COLUMN_HIDDEN));
    run.is_given_up = run_state_is_final(run.state) && row_bool(rows, 0, COLUMN_GIVEN_UP);
    *ret_run = run;
    return true;
}

bool log_run_is_complete(const struct log_run *run)
{
    return run_state_is_final(run->state) && (run->stored >= run->end || run->is_given_up);
}

static int64_t base_of(const struct rows *rows)
{
    return log_id_base((uint32_t)row_i64(rows, 0, COLUMN_ATTEMPT, 0));
}

int64_t log_store_after_id(const struct rows *rows)
{
    return base_of(rows) + row_i64(rows, 0, COLUMN_AFTER, 0);
}

int64_t log_store_first_id(const struct rows *rows)
{
    return row_is_null(rows, 0, COLUMN_FIRST_ID)
               ? 0
               : base_of(rows) + row_i64(rows, 0, COLUMN_FIRST_ID, 0);
}
