/* SPDX-License-Identifier: Apache-2.0
 *
 * One PostgreSQL session, used by one thread, blocking. The API's event loops run the same
 * statements without blocking (api/db/db_pipe.h).
 *
 * Errors of both executors come from db_error(): UNAVAILABLE when nothing was sent, UNCERTAIN when
 * the connection was lost with the answer outstanding, CONFLICT for unique and check violations,
 * foreign keys and serialisation failures, INTERNAL for the rest.
 */
#ifndef ERRAND_STORE_DB_H
#define ERRAND_STORE_DB_H

#include "base/err.h"
#include "store/params.h"
#include "store/rows.h"

/* A statement lives for ever and is prepared once a session, under its name, when first used. */
struct statement {
    const char *name;
    const char *sql;
    bool repeatable; /* running it twice does what running it once does */
    bool grouped;    /* on a loop: several may share one transaction (api/db/db_pipe.c) */
};

struct db;

/* `conninfo` is a libpq connection string; `application` shows in pg_stat_activity. */
int db_open(const char *conninfo, const char *application, struct db **ret_db,
            struct err *e) MUST_USE;
void db_close(struct db *db);
void db_closep(struct db **db);

/* Run one prepared statement. `p` may be NULL. On success `*ret_rows` is owned: rows_free().
 * `ret_rows` may be NULL when the answer does not matter. */
int db_run(struct db *db, const struct statement *statement, const struct params *p,
           struct rows **ret_rows, struct err *e) MUST_USE;

/* Run one statement and send another right behind it, in one round trip and two transactions; the
 * second is run whatever becomes of the first, and its answer does not matter. */
int db_run_with(struct db *db, const struct statement *statement, const struct params *p,
                const struct statement *second, const struct params *second_p,
                struct rows **ret_rows, struct err *e) MUST_USE;

/* Run a script of statements without parameters in one round trip and one transaction. */
int db_run_script(struct db *db, const char *sql, struct err *e) MUST_USE;

void rows_free(struct rows *rows);
void rows_freep(struct rows **rows);

/* The session's socket, for poll(); valid until the session is closed. */
int db_fd(const struct db *db);

/* Channel names are constants of ours. */
int db_listen(struct db *db, const char *channel, struct err *e) MUST_USE;
int db_notify(struct db *db, const char *channel, const char *payload, struct err *e) MUST_USE;

/* Read what has arrived without blocking and hand each notification over. ERR_UNAVAILABLE when the
 * session is gone. */
int db_take_notices(struct db *db,
                    void (*on_notice)(void *user, const char *channel, const char *payload),
                    void *user, struct err *e) MUST_USE;

#endif
