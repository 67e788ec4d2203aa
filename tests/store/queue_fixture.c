/* SPDX-License-Identifier: Apache-2.0 */
#include "queue_fixture.h"

#include "base/parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void queue_fixture_reset(struct db *db)
{
    fixture_script(db,
                   "TRUNCATE runs, hypervisors, leases, queue_notes, scheduler_counters CASCADE");
}

struct id queue_fixture_hypervisor(struct db *db, int64_t memory_mb)
{
    struct id id = fixture_hypervisor(db);
    fixture_script(db,
                   "UPDATE hypervisors SET cpu_milli = 8000, memory_total_mb = %" PRId64
                   ", memory_free_mb = %" PRId64 " WHERE id = '%s'",
                   memory_mb, memory_mb, ID_TEXT(id));
    return id;
}

struct id queue_fixture_run(struct db *db, int64_t memory_mb, int64_t priority)
{
    struct id run = fixture_run_in(db, "pending", (struct id){0});
    fixture_script(db,
                   "UPDATE runs SET memory_mb = %" PRId64 ", priority = %" PRId64
                   ", queue_at = created_at - %" PRId64 " * interval '1 minute' WHERE id = '%s'",
                   memory_mb, priority, priority, ID_TEXT(run));
    return run;
}

void queue_fixture_runs(struct db *db, int64_t n, const char *sizes)
{
    struct id pattern = fixture_run_in(db, "pending", (struct id){0});
    fixture_script(db,
                   "CREATE TEMP TABLE copies AS SELECT r.*, i FROM runs r,"
                   " generate_series(1, %" PRId64 ") AS i WHERE r.id = '%s';"
                   "UPDATE copies SET id = gen_random_uuid(),"
                   " memory_mb = ('%s'::int[])[1 + i %% array_length('%s'::int[], 1)];"
                   "ALTER TABLE copies DROP COLUMN i;"
                   "DELETE FROM runs WHERE id = '%s';"
                   "INSERT INTO runs SELECT * FROM copies;"
                   "DROP TABLE copies",
                   n, ID_TEXT(pattern), sizes, sizes, ID_TEXT(pattern));
}

struct id queue_fixture_region(struct db *db)
{
    struct err e;
    struct id region;
    const char *text = fixture_text(db, "SELECT id FROM regions WHERE slug = 'local'");
    ASSERT_OK(id_parse(text, strlen(text), &region, &e), e);
    return region;
}

int64_t queue_fixture_number(struct db *db, const char *fmt, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(sql, sizeof(sql), fmt, args);
    va_end(args);
    assert_in_range(n, 1, sizeof(sql) - 1);

    struct err e;
    int64_t value = 0;
    ASSERT_OK(parse_i64(fixture_text(db, "%s", sql), INT64_MIN, INT64_MAX, sql, &value, &e), e);
    return value;
}
