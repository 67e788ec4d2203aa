/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocking executor. A statement is prepared when the session first runs it.
 */
#include "store/db.h"

#include <string.h>

#include "store/db_result.h"
#include "store/prepared_set.h"

struct db {
    PGconn *conn;
    struct prepared_set prepared;
};

static int conn_error(PGconn *conn, enum err_code code, const char *what, struct err *e)
{
    const char *text = PQerrorMessage(conn);
    size_t n = strcspn(text, "\n");
    return err_set(e, code, "%s: %.*s", what, (int)n, text);
}

int db_open(const char *conninfo, const char *application, struct db **ret_db, struct err *e)
{
    static const char *const keywords[] = {"dbname", "fallback_application_name", "options", NULL};
    const char *values[] = {conninfo, application, "-c timezone=UTC -c client_min_messages=warning",
                            NULL};

    CLEANUP(db_closep) struct db *db = calloc(1, sizeof(*db));
    if (db == NULL)
        return err_set(e, ERR_INTERNAL, "connect to PostgreSQL: out of memory");

    db->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(db->conn) != CONNECTION_OK)
        return conn_error(db->conn, ERR_UNAVAILABLE, "connect to PostgreSQL", e);

    *ret_db = TAKE_PTR(db);
    return 0;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    PQfinish(db->conn);
    free(db);
}

void db_closep(struct db **db)
{
    db_close(*db);
}

/* Takes `result`. */
static int finish(struct db *db, PGresult *result, const char *what, struct rows **ret_rows,
                  struct err *e)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        if (ret_rows != NULL)
            *ret_rows = rows_of_result(result);
        else
            PQclear(result);
        return 0;
    }
    int r = PQstatus(db->conn) == CONNECTION_OK ? db_result_error(result, what, e)
                                                : db_result_error(NULL, what, e);
    PQclear(result);
    return r;
}

static int prepare(struct db *db, const struct statement *statement, struct err *e)
{
    if (prepared_set_has(&db->prepared, statement))
        return 0;

    PGresult *result = PQprepare(db->conn, statement->name, statement->sql, 0, NULL);
    int r = finish(db, result, statement->name, NULL, e);
    if (r == 0)
        prepared_set_add(&db->prepared, statement);
    return r;
}

static int make_ready(struct db *db, const struct statement *statement, const struct params *p,
                      struct err *e)
{
    if (!params_ok(p))
        return err_set(e, ERR_LIMIT, "%s: parameters too large", statement->name);
    if (PQstatus(db->conn) != CONNECTION_OK)
        return err_set(e, ERR_UNAVAILABLE, "%s: not connected to PostgreSQL", statement->name);
    return prepare(db, statement, e);
}

int db_run(struct db *db, const struct statement *statement, const struct params *p,
           struct rows **ret_rows, struct err *e)
{
    static const struct params none;
    if (p == NULL)
        p = &none;
    int r = make_ready(db, statement, p, e);
    if (r < 0)
        return r;

    const char *values[PARAMS_MAX];
    params_pointers(p, values);
    PGresult *result =
        PQexecPrepared(db->conn, statement->name, p->n, values, p->lengths, p->formats, 1);
    return finish(db, result, statement->name, ret_rows, e);
}

/* As a transaction of its own. */
static bool send(struct db *db, const struct statement *statement, const struct params *p)
{
    const char *values[PARAMS_MAX];
    params_pointers(p, values);
    return PQsendQueryPrepared(db->conn, statement->name, p->n, values, p->lengths, p->formats,
                               1) == 1 &&
           PQpipelineSync(db->conn) == 1;
}

/* The answer to what send() sent; NULL when the session is lost. */
static PGresult *receive(struct db *db)
{
    PGresult *answer = PQgetResult(db->conn);
    for (PGresult *result = PQgetResult(db->conn); PQstatus(db->conn) == CONNECTION_OK;
         result = PQgetResult(db->conn)) {
        bool is_end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
        if (is_end)
            break;
    }
    return answer;
}

int db_run_with(struct db *db, const struct statement *statement, const struct params *p,
                const struct statement *second, const struct params *second_p,
                struct rows **ret_rows, struct err *e)
{
    int r = make_ready(db, statement, p, e);
    if (r == 0)
        r = make_ready(db, second, second_p, e);
    if (r < 0)
        return r;
    bool is_sent =
        PQenterPipelineMode(db->conn) == 1 && send(db, statement, p) && send(db, second, second_p);
    PGresult *result = is_sent ? receive(db) : NULL;
    if (is_sent)
        PQclear(receive(db));
    (void)PQexitPipelineMode(db->conn);
    return finish(db, result, statement->name, ret_rows, e);
}

int db_run_script(struct db *db, const char *sql, struct err *e)
{
    return finish(db, PQexec(db->conn, sql), "script", NULL, e);
}

int db_fd(const struct db *db)
{
    return PQsocket(db->conn);
}

int db_listen(struct db *db, const char *channel, struct err *e)
{
    char sql[96];
    if (snprintf(sql, sizeof(sql), "LISTEN %s", channel) < 0)
        return err_set(e, ERR_INTERNAL, "listen to %s", channel);
    return db_run_script(db, sql, e);
}

int db_notify(struct db *db, const char *channel, const char *payload, struct err *e)
{
    static const struct statement notify = {"db_notify", "SELECT pg_notify($1, $2)",
                                            .repeatable = true};

    struct params p;
    params_init(&p, 8192);
    params_add_text(&p, channel);
    params_add_text(&p, payload);
    int r = db_run(db, &notify, &p, NULL, e);
    params_done(&p);
    return r;
}

int db_take_notices(struct db *db,
                    void (*on_notice)(void *user, const char *channel, const char *payload),
                    void *user, struct err *e)
{
    if (PQconsumeInput(db->conn) == 0)
        return conn_error(db->conn, ERR_UNAVAILABLE, "read notifications", e);

    PGnotify *notice;
    while ((notice = PQnotifies(db->conn)) != NULL) {
        on_notice(user, notice->relname, notice->extra);
        PQfreemem(notice);
    }
    return 0;
}
