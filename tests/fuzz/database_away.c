/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/database_away.h"

#include "fuzz/fuzz.h"

#include "base/utf8.h"
#include "model/access.h"
#include "store/db_result.h"
#include "store/idempotency_store.h"
#include "store/token_store.h"

#include <endian.h>

/* bytea is told from text by its statement; a text is looked at as far as its NUL is its end */
#define FORMAT_TEXT 0

#define COLUMNS_MAX 9

struct answer {
    struct answer *next;
    const struct statement *statement;
    db_pipe_callback *callback;
    void *user;
};

struct db_pipe {
    h2o_loop_t *loop;
    h2o_timeout_t tick;
    h2o_timeout_entry_t tick_entry;
    struct answer *first;
    struct answer **last;
};

static enum token_kind kind = TOKEN_KIND_USER;

void database_away_set_kind(enum token_kind wanted)
{
    kind = wanted;
}

static void set_cell(PGresult *result, int column, const void *bytes, size_t n)
{
    char value[64];
    memcpy(value, bytes, n);
    FUZZ_ASSERT(PQsetvalue(result, 0, column, value, bytes == NULL ? -1 : (int)n) == 1);
}

static PGresult *new_result(int columns_n)
{
    static char name[] = "column";
    PGresAttDesc columns[COLUMNS_MAX];
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    memset(columns, 0, sizeof(columns));
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        columns[i].name = name;
    FUZZ_ASSERT(result != NULL && PQsetResultAttrs(result, columns_n, columns) == 1);
    return result;
}

static const unsigned char id[16] = {1};

/* As idempotency_store_read() reads it: the key is new. */
static PGresult *claim_row(void)
{
    PGresult *result = new_result(3);
    set_cell(result, 0, id, sizeof(id));
    set_cell(result, 1, "\1", 1);
    set_cell(result, 2, "\1", 1);
    return result;
}

/* As token_store_read() reads it: every right there is. */
static PGresult *token_row(void)
{
    const char *kind_name = token_kind_name(kind);
    bool is_users = kind == TOKEN_KIND_USER || kind == TOKEN_KIND_SESSION;
    uint64_t scopes = htobe64(SCOPE_READ | SCOPE_RUN | SCOPE_WRITE | SCOPE_ENV | SCOPE_ADMIN);
    PGresult *result = new_result(9);
    set_cell(result, 0, id, sizeof(id));
    set_cell(result, 1, kind_name, strlen(kind_name));
    set_cell(result, 2, "fuzz", 4);
    set_cell(result, 3, id, sizeof(id));
    set_cell(result, 4, id, sizeof(id));
    if (is_users)
        set_cell(result, 5, id, sizeof(id));
    set_cell(result, 6, &scopes, sizeof(scopes));
    set_cell(result, 7, is_users ? "\1" : "\0", 1);
    return result;
}

static void answer(const struct answer *a)
{
    PGresult *result = a->statement == &token_store_find          ? token_row()
                       : a->statement == &idempotency_store_claim ? claim_row()
                                                                  : NULL;
    if (a->callback == NULL) {
        PQclear(result);
        return;
    }
    if (result == NULL) {
        struct err e;
        (void)err_set(&e, ERR_UNAVAILABLE, "the database is away");
        a->callback(a->user, NULL, &e);
        return;
    }
    a->callback(a->user, rows_of_result(result), NULL);
    PQclear(result);
}

static void on_tick(h2o_timeout_entry_t *entry)
{
    struct db_pipe *pipe = H2O_STRUCT_FROM_MEMBER(struct db_pipe, tick_entry, entry);
    struct answer *a = pipe->first;
    pipe->first = NULL;
    pipe->last = &pipe->first;
    while (a != NULL) {
        struct answer *next = a->next;
        answer(a);
        free(a);
        a = next;
    }
}

/* What PostgreSQL refuses whatever the statement: texts that are not UTF-8, or have a NUL. */
static void check(const struct params *p)
{
    const char *values[PARAMS_MAX];
    FUZZ_ASSERT(params_ok(p));
    params_pointers(p, values);
    for (int i = 0; i < p->n; i++) {
        size_t n = (size_t)p->lengths[i];
        if (values[i] != NULL && p->formats[i] == FORMAT_TEXT)
            FUZZ_ASSERT(strlen(values[i]) == n && utf8_is_valid(values[i], n));
    }
}

void db_pipe_run_as(struct db_pipe *pipe, const char *actor, const struct statement *statement,
                    struct params *p, db_pipe_callback *callback, void *user)
{
    struct answer *a = malloc(sizeof(*a));
    FUZZ_ASSERT(a != NULL && (actor == NULL || utf8_is_valid(actor, strlen(actor))));
    if (p != NULL) {
        check(p);
        params_done(p);
    }
    *a = (struct answer){.statement = statement, .callback = callback, .user = user};
    *pipe->last = a;
    pipe->last = &a->next;
    if (!h2o_timeout_is_linked(&pipe->tick_entry))
        h2o_timeout_link(pipe->loop, &pipe->tick, &pipe->tick_entry);
}

void db_pipe_run(struct db_pipe *pipe, const struct statement *statement, struct params *p,
                 db_pipe_callback *callback, void *user)
{
    db_pipe_run_as(pipe, NULL, statement, p, callback, user);
}

int db_pipe_open(h2o_loop_t *loop, const char *conninfo, struct db_pipe **ret_pipe, struct err *e)
{
    struct db_pipe *pipe = calloc(1, sizeof(*pipe));
    (void)conninfo;
    (void)e;
    FUZZ_ASSERT(pipe != NULL);
    pipe->loop = loop;
    pipe->last = &pipe->first;
    pipe->tick_entry.cb = on_tick;
    h2o_timeout_init(loop, &pipe->tick, 0);
    *ret_pipe = pipe;
    return 0;
}

void db_pipe_close(struct db_pipe *pipe)
{
    (void)pipe;
}

void db_pipe_notify(struct db_pipe *pipe, const char *channel, const char *payload)
{
    (void)pipe;
    FUZZ_ASSERT(channel != NULL && utf8_is_valid(payload, strlen(payload)));
}

bool db_pipe_is_connected(const struct db_pipe *pipe)
{
    return pipe != NULL;
}

size_t db_pipe_load(const struct db_pipe *pipe)
{
    (void)pipe;
    return 0;
}

void db_pipe_report_session(struct db_pipe *pipe, _Atomic int *slot)
{
    (void)pipe;
    (void)slot;
}

void db_pipe_count(struct db_pipe *pipe, struct figures *figures)
{
    (void)pipe;
    (void)figures;
}

void db_pipe_listen(struct db_pipe *pipe, const char *const *channels, size_t n,
                    void (*on_notice)(void *user, const char *channel, const char *payload,
                                      int session),
                    void (*on_gap)(void *user), void *user)
{
    (void)pipe;
    (void)channels;
    (void)n;
    (void)on_notice;
    (void)on_gap;
    (void)user;
}
