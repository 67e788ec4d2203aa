/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdarg.h>
#include <string.h>

#define SQL_MAX_BYTES 4096

struct rows *fixture_run(struct db *db, const struct statement *statement, struct params *p)
{
    struct err e;
    struct rows *rows = NULL;
    ASSERT_OK(db_run(db, statement, p, &rows, &e), e);
    params_done(p);
    return rows;
}

PRINTF_LIKE(1, 0)
static char *format(const char *fmt, va_list args)
{
    static char sql[SQL_MAX_BYTES];
    int n = vsnprintf(sql, sizeof(sql), fmt, args);
    assert_in_range(n, 1, sizeof(sql) - 1);
    return sql;
}

void fixture_script(struct db *db, const char *fmt, ...)
{
    struct err e;
    va_list args;
    va_start(args, fmt);
    const char *sql = format(fmt, args);
    va_end(args);
    ASSERT_OK(db_run_script(db, sql, &e), e);
}

/* Prepared statements live as long as the session, so the text is handed over in a table. */
const char *fixture_text(struct db *db, const char *fmt, ...)
{
    static const struct statement read = {"fixture_text", "SELECT value FROM fixture_answer",
                                          .repeatable = true};
    static char text[1024];

    va_list args;
    va_start(args, fmt);
    char *question = strdup(format(fmt, args));
    va_end(args);
    fixture_script(db,
                   "CREATE TEMP TABLE IF NOT EXISTS fixture_answer (value text);"
                   "DELETE FROM fixture_answer;"
                   "INSERT INTO fixture_answer SELECT (%s)::text",
                   question);
    free(question);

    struct err e;
    struct rows *rows = NULL;
    ASSERT_OK(db_run(db, &read, NULL, &rows, &e), e);
    const char *value = row_text(rows, 0, 0);
    (void)snprintf(text, sizeof(text), "%s", value != NULL ? value : "");
    rows_free(rows);
    return text;
}

struct id fixture_project(void)
{
    struct id id;
    assert_int_equal(id_parse(FIXTURE_PROJECT, strlen(FIXTURE_PROJECT), &id, NULL), 0);
    return id;
}

struct id fixture_hypervisor(struct db *db)
{
    struct id id = id_new();
    fixture_script(db,
                   "INSERT INTO hypervisors (id, name, region_id, cpu_milli, memory_total_mb,"
                   " memory_free_mb, public_key) SELECT '%s', '%s', id, 2000, 4096, 4096,"
                   " decode(repeat('ab', 32), 'hex') FROM regions WHERE slug = 'local'",
                   ID_TEXT(id), ID_TEXT(id));
    return id;
}

static void insert_runner(struct db *db, struct id runner)
{
    fixture_script(
        db,
        "INSERT INTO runners (id, project_id, name, image_name, image_tag,"
        " timeout_seconds, stop_grace_seconds, stop_signal, pull_policy,"
        " pull_timeout_seconds, priority, pids_limit, shm_size_mb, network, sandbox, read_only,"
        " log_limit_bytes, region_id, instance_type_id)"
        " SELECT '%s', '" FIXTURE_PROJECT "', 'runner', 'box', 'latest', 60, 10,"
        " 'SIGTERM', 'missing', 600, 50, 1024, 64, 'bridge', 'default', false, 1048576, r.id, t.id"
        " FROM regions r, instance_types t WHERE r.slug = 'local'"
        " AND t.slug = 'standard-s'",
        ID_TEXT(runner));
}

struct id fixture_run_in(struct db *db, const char *state, struct id hypervisor)
{
    struct id run = id_new();
    struct id runner = id_new();
    bool is_placed = !id_is_nil(hypervisor);
    insert_runner(db, runner);
    fixture_script(db,
                   "INSERT INTO runs (id, project_id, runner_id, runner_version, state, attempt,"
                   " priority, region_id, instance_type_id, memory_mb, cpu_milli,"
                   " price_second_nano, image, argv, timeout_seconds, stop_grace_seconds,"
                   " stop_signal, pull_policy, pull_timeout_seconds, pids_limit, shm_size_mb,"
                   " network, sandbox, read_only, log_limit_bytes)"
                   " SELECT '%s', project_id, id, version, '%s', %d, priority, region_id,"
                   " instance_type_id, 256, 500, 1000, 'box:latest', '{echo,hi there}',"
                   " timeout_seconds, stop_grace_seconds, stop_signal, pull_policy,"
                   " pull_timeout_seconds, pids_limit, shm_size_mb, network, sandbox, read_only,"
                   " log_limit_bytes FROM runners WHERE id = '%s'",
                   ID_TEXT(run), state, is_placed ? 1 : 0, ID_TEXT(runner));
    if (is_placed)
        fixture_script(db,
                       "UPDATE runs SET hypervisor_id = '%s', assigned_at = now() WHERE id = '%s'",
                       ID_TEXT(hypervisor), ID_TEXT(run));
    return run;
}
