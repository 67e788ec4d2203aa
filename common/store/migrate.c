/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate.h"

#include <inttypes.h>

/* any number nobody else uses as an advisory lock in this database */
#define MIGRATE_LOCK "7162253894115"

extern const unsigned char migration_0001[];
extern const unsigned char migration_0002[];
extern const unsigned char migration_0003[];
extern const unsigned char migration_0004[];
extern const unsigned char migration_0005[];

#ifdef ERRAND_MIGRATION_NEXT
extern const unsigned char
    migration_next[]; /* of a build that stands for the next version in tests */
#endif

/* By version, from 1 on. */
static const unsigned char *const migrations[] = {
    migration_0001, migration_0002, migration_0003, migration_0004, migration_0005,
#ifdef ERRAND_MIGRATION_NEXT
    migration_next,
#endif
};

static const char sql_prepare[] = "SELECT pg_advisory_lock(" MIGRATE_LOCK ");"
                                  "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                  "    version    int PRIMARY KEY,"
                                  "    applied_at timestamptz NOT NULL DEFAULT now())";

static const char sql_release[] = "SELECT pg_advisory_unlock(" MIGRATE_LOCK ")";

const struct statement migrate_current = {"migrate_current",
                                          "SELECT coalesce(max(version), 0) FROM schema_migrations",
                                          .repeatable = true};

int migrate_version(void)
{
    return ARRAY_LEN(migrations);
}

bool migrate_serves(int64_t version)
{
    return version == migrate_version() || version == migrate_version() + 1;
}

static int read_current(struct db *db, int64_t *ret_version, struct err *e)
{
    CLEANUP(rows_freep) struct rows *rows = NULL;
    int r = db_run(db, &migrate_current, NULL, &rows, e);
    if (r == 0)
        *ret_version = row_i64(rows, 0, 0, 0);
    return r;
}

static int apply_one(struct db *db, int version, const unsigned char *sql, struct err *e)
{
    struct buf script;
    buf_init(&script, 4 << 20);
    buf_add_text(&script, "BEGIN;");
    buf_add_text(&script, (const char *)sql);
    buf_printf(&script, ";INSERT INTO schema_migrations (version) VALUES (%d);COMMIT", version);
    int r = buf_ok(&script) ? db_run_script(db, buf_text(&script), e)
                            : err_set(e, ERR_LIMIT, "migration too large");
    buf_done(&script);
    if (r < 0) {
        IGNORE(db_run_script(db, "ROLLBACK", NULL));
        return err_wrap(e, "migration %04d", version);
    }
    return 0;
}

static int apply_missing(struct db *db, int *ret_applied, struct err *e)
{
    int64_t current = 0;
    int r = read_current(db, &current, e);
    if (r < 0)
        return r;
    if (current > migrate_version())
        return err_set(e, ERR_CONFLICT,
                       "the database is at migration %" PRId64
                       ", this program knows %d: run a newer program",
                       current, migrate_version());

    int applied = 0;
    for (int version = (int)current + 1; r == 0 && version <= migrate_version(); version++) {
        r = apply_one(db, version, migrations[version - 1], e);
        applied += r == 0;
    }
    *ret_applied = applied;
    return r;
}

int migrate_apply(struct db *db, int *ret_applied, struct err *e)
{
    int r = db_run_script(db, sql_prepare, e);
    if (r < 0)
        return err_wrap(e, "prepare migrations");

    r = apply_missing(db, ret_applied, e);
    IGNORE(db_run_script(db, sql_release, NULL)); /* ends with the session anyway */
    return r;
}
