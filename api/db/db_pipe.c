/* SPDX-License-Identifier: Apache-2.0
 *
 * libpq in pipeline mode on an h2o event loop.
 *
 * What is queued while the loop runs goes out together at the end of the iteration: one write for
 * all of it. A sync ends a transaction. Most statements have one of their own, so that one failure
 * touches no other; `grouped` ones that stand next to each other share it, so that they cost one
 * flush of the log together. When one of a group fails, all of it was undone and each is run again
 * on its own.
 */
#include "db/db_pipe.h"

#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/audit_store.h"
#include "store/db_result.h"
#include "store/prepared_set.h"

#include "db/db_connect.h"
#include "db/db_query.h"
#include "metrics/figures.h"

#define RECONNECT_FIRST_MS 10
#define RECONNECT_MAX_MS 2000
#define NOTICES_PER_TICK 64
#define NOTICE_BYTES 128
#define GROUPS_MAX 2  /* in flight; what comes meanwhile is the next group */
#define GROUP_MAX 256 /* statements in one */

enum pipe_state {
    PIPE_DOWN, /* waits to connect again */
    PIPE_DUE,  /* connects at the next tick */
    PIPE_CONNECTING,
    PIPE_UP,
};

struct db_pipe {
    h2o_loop_t *loop;
    const char *conninfo;
    enum pipe_state state;
    PGconn *conn;
    h2o_socket_t *socket; /* a duplicate of libpq's, for notification only */
    struct prepared_set prepared;
    bool must_reset; /* a statement could not be prepared: `prepared` says too much */
    struct query_list waiting;
    struct query_list held; /* grouped ones, until fewer than GROUPS_MAX groups are in flight */
    size_t groups;          /* in flight */
    struct query_list in_flight;
    struct query *reading;    /* of `in_flight`: whose results come next; NULL: the head's */
    struct query_list failed; /* called back at the next tick */
    h2o_timeout_t tick;
    h2o_timeout_entry_t tick_entry;
    h2o_timeout_t retry; /* when down: to connect; when connecting: to give that up */
    h2o_timeout_entry_t retry_entry;
    unsigned connect_ms;
    bool is_late;          /* it has not connected in time */
    unsigned silent_hosts; /* attempts that nobody answered in time */
    struct backoff backoff;

    struct {
        char channel[32];
        char payload[NOTICE_BYTES];
    } notices[NOTICES_PER_TICK];
    size_t notices_n;

    struct figures *figures; /* NULL: nobody counts */
    bool is_up;              /* counted as a session */
    _Atomic int *session;    /* NULL: nobody wants to know */
    const char *const *channels;
    size_t channels_n;
    void (*on_notice)(void *user, const char *channel, const char *payload, int session);
    void (*on_gap)(void *user);
    void *listen_user;
};

static void connect_start(struct db_pipe *pipe);
static void on_readable(h2o_socket_t *socket, const char *err);
static void on_writable(h2o_socket_t *socket, const char *err);

static void tick_soon(struct db_pipe *pipe)
{
    if (!h2o_timeout_is_linked(&pipe->tick_entry))
        h2o_timeout_link(pipe->loop, &pipe->tick, &pipe->tick_entry);
}

static void finish(struct db_pipe *pipe, struct query *query)
{
    figures_add(pipe->figures, FIGURE_STATEMENTS_OPEN, -1);
    figures_add(pipe->figures, FIGURE_STATEMENT_FAILURES, query->err.code != ERR_OK);
    figures_time(pipe->figures, TIMING_STATEMENT, clock_mono_us() - query->queued_us);
    query_finish(query);
}

static void fail_later(struct db_pipe *pipe, struct query *query, enum err_code code,
                       const char *why)
{
    (void)err_set(&query->err, code, "%s: %s", query->statement->name, why);
    query_list_push(&pipe->failed, query);
    tick_soon(pipe);
}

static void drop_socket(struct db_pipe *pipe)
{
    if (pipe->socket != NULL)
        h2o_socket_close(pipe->socket);
    pipe->socket = NULL;
}

/* A statement whose answer is outstanding may have happened. */
static void sort_out_in_flight(struct db_pipe *pipe)
{
    struct query_list again;
    struct query *query;
    query_list_init(&again);
    pipe->reading = NULL;
    pipe->groups = 0;
    while ((query = query_list_pop(&pipe->in_flight)) != NULL) {
        rows_free(TAKE_PTR(query->rows));
        query->err.code = ERR_OK;
        if (query->statement->repeatable)
            query_list_push(&again, query);
        else
            fail_later(pipe, query, ERR_UNCERTAIN, "connection to PostgreSQL lost");
    }
    query_list_push_all_front(&pipe->waiting, &again);
}

static void expire_waiting(struct db_pipe *pipe)
{
    int64_t oldest = clock_mono_us() - DB_PIPE_WAIT_MS * CLOCK_US_PER_MS;
    struct query_list *const lists[] = {&pipe->waiting, &pipe->held};
    for (size_t i = 0; i < 2; i++) {
        while (lists[i]->head != NULL && lists[i]->head->queued_us < oldest)
            fail_later(pipe, query_list_pop(lists[i]), ERR_UNAVAILABLE, "PostgreSQL is away");
    }
}

static void set_retry(struct db_pipe *pipe, uint64_t ms)
{
    h2o_timeout_unlink(&pipe->retry_entry);
    pipe->retry.timeout = ms;
    h2o_timeout_link(pipe->loop, &pipe->retry, &pipe->retry_entry);
}

/* The session is gone or never came: try again later. */
static void go_down(struct db_pipe *pipe, const char *event)
{
    const char *text = PQerrorMessage(pipe->conn);
    log_warn("%s error=\"%.*s\"", event, (int)strcspn(text, "\n"), text);

    drop_socket(pipe);
    PQfinish(pipe->conn);
    pipe->conn = NULL;
    if (pipe->is_up)
        figures_add(pipe->figures, FIGURE_SESSIONS, -1);
    pipe->is_up = false;
    pipe->state = PIPE_DOWN;
    if (pipe->session != NULL)
        *pipe->session = 0;
    prepared_set_clear(&pipe->prepared);
    pipe->must_reset = false;
    sort_out_in_flight(pipe);
    expire_waiting(pipe);

    set_retry(pipe, backoff_next_ms(&pipe->backoff));
}

static void watch(struct db_pipe *pipe)
{
    drop_socket(pipe);
    pipe->socket =
        h2o_evloop_socket_create(pipe->loop, dup(PQsocket(pipe->conn)), H2O_SOCKET_FLAG_DONT_READ);
    pipe->socket->data = pipe;
}

static void flush(struct db_pipe *pipe)
{
    int r = PQflush(pipe->conn);
    if (r < 0)
        go_down(pipe, "db.lost");
    else if (r == 1 && !h2o_socket_is_writing(pipe->socket))
        h2o_socket_notify_write(pipe->socket, on_writable);
}

static bool send_command(struct db_pipe *pipe, struct query *query,
                         const struct statement *statement, const struct params *p)
{
    if (!prepared_set_has(&pipe->prepared, statement)) {
        if (PQsendPrepare(pipe->conn, statement->name, statement->sql, 0, NULL) == 0)
            return false;
        prepared_set_add(&pipe->prepared, statement);
        query->prepares = true;
        query->commands++;
    }
    const char *values[PARAMS_MAX];
    params_pointers(p, values);
    query->commands++;
    return PQsendQueryPrepared(pipe->conn, statement->name, p->n, values, p->lengths, p->formats,
                               1) == 1;
}

/* Whether `query` is to share its transaction with the one after it. */
static bool joins_next(const struct db_pipe *pipe, const struct query *query)
{
    const struct query *next = pipe->waiting.head;
    return next != NULL && query->statement->grouped && !query->is_solo &&
           next->statement->grouped && !next->is_solo && next->actor.n == 0;
}

static bool send_query(struct db_pipe *pipe, struct query *query)
{
    query->commands = 0;
    query->has_result = false;
    query->prepares = false;
    if (query->actor.n > 0 && !send_command(pipe, query, &audit_store_actor, &query->actor))
        return false;
    if (!send_command(pipe, query, query->statement, &query->params))
        return false;
    query->is_joined = query->actor.n == 0 && joins_next(pipe, query);
    if (query->is_joined)
        return true;
    pipe->groups += query->statement->grouped;
    return PQpipelineSync(pipe->conn) == 1;
}

/* The next group stands together at the end of what waits. */
static void release_held(struct db_pipe *pipe)
{
    struct query *query;
    for (size_t n = 0; pipe->groups < GROUPS_MAX && n < GROUP_MAX; n++) {
        if ((query = query_list_pop(&pipe->held)) == NULL)
            return;
        query_list_push(&pipe->waiting, query);
    }
}

static void send_waiting(struct db_pipe *pipe)
{
    struct query *query;
    release_held(pipe);
    while ((query = query_list_pop(&pipe->waiting)) != NULL) {
        query_list_push(&pipe->in_flight, query);
        if (!send_query(pipe, query)) {
            go_down(pipe, "db.lost");
            return;
        }
    }
    flush(pipe);
}

static void queue_notices(struct db_pipe *pipe)
{
    static const struct statement notify = {"pipe_notify", "SELECT pg_notify($1, $2)",
                                            .repeatable = true};

    size_t n = pipe->notices_n;
    pipe->notices_n = 0;
    for (size_t i = 0; i < n; i++) {
        struct params p;
        params_init(&p, 2 * NOTICE_BYTES);
        params_add_text(&p, pipe->notices[i].channel);
        params_add_text(&p, pipe->notices[i].payload);
        db_pipe_run(pipe, &notify, &p, NULL, NULL);
    }
}

static void on_tick(h2o_timeout_entry_t *entry)
{
    struct db_pipe *pipe = H2O_STRUCT_FROM_MEMBER(struct db_pipe, tick_entry, entry);
    struct query_list failed = pipe->failed;
    if (failed.head == NULL)
        failed.tail = &failed.head;
    query_list_init(&pipe->failed);

    struct query *query;
    while ((query = query_list_pop(&failed)) != NULL)
        finish(pipe, query);

    queue_notices(pipe);
    if (pipe->is_late && pipe->state == PIPE_CONNECTING) {
        pipe->silent_hosts++;
        go_down(pipe, "db.connect_timed_out");
    }
    pipe->is_late = false;
    if (pipe->state == PIPE_DUE)
        connect_start(pipe);
    else if (pipe->state == PIPE_UP)
        send_waiting(pipe);
}

/* One result of the command that is being read. Takes `result`. */
static void take_result(struct db_pipe *pipe, struct query *query, PGresult *result)
{
    query->has_result = true;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (query->commands > 1)
            break; /* it only went before */
        rows_free(query->rows);
        query->rows = rows_of_result(result);
        return;
    case PGRES_PIPELINE_ABORTED:
        break;
    default:
        (void)db_result_error(result, query->statement->name, &query->err);
        pipe->must_reset |= query->prepares && query->commands > 1;
        break;
    }
    PQclear(result);
}

/* The results of a command are over. */
static void end_command(struct db_pipe *pipe, struct query *query)
{
    if (!query->has_result)
        return;
    query->has_result = false;
    if (--query->commands == 0)
        pipe->reading = query->next;
}

/* A transaction is over: the head's, or that of the group which begins with it. */
static void end_transaction(struct db_pipe *pipe)
{
    struct query_list group;
    struct query *query;
    bool failed = false;
    query_list_init(&group);
    do {
        query = query_list_pop(&pipe->in_flight);
        query_list_push(&group, query);
        failed |= query->err.code != ERR_OK;
    } while (query->is_joined);
    pipe->reading = NULL;
    pipe->groups -= query->statement->grouped;
    if (pipe->held.head != NULL)
        tick_soon(pipe);

    bool again = failed && group.n > 1;
    while ((query = query_list_pop(&group)) != NULL) {
        if (!again) {
            finish(pipe, query);
            continue;
        }
        rows_free(TAKE_PTR(query->rows));
        query->err.code = ERR_OK;
        query->is_solo = true;
        query_list_push(&pipe->waiting, query);
        tick_soon(pipe);
    }
}

static void take_notices(struct db_pipe *pipe)
{
    PGnotify *notice;
    while ((notice = PQnotifies(pipe->conn)) != NULL) {
        if (pipe->on_notice != NULL)
            pipe->on_notice(pipe->listen_user, notice->relname, notice->extra, notice->be_pid);
        PQfreemem(notice);
    }
}

static void on_readable(h2o_socket_t *socket, const char *err)
{
    struct db_pipe *pipe = socket->data;
    if (err != NULL || PQconsumeInput(pipe->conn) == 0) {
        go_down(pipe, "db.lost");
        return;
    }

    while (pipe->in_flight.head != NULL && PQisBusy(pipe->conn) == 0) {
        PGresult *result = PQgetResult(pipe->conn);
        struct query *query = pipe->reading != NULL ? pipe->reading : pipe->in_flight.head;
        if (result == NULL) {
            end_command(pipe, query);
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            end_transaction(pipe);
        } else {
            take_result(pipe, query, result);
        }
    }
    take_notices(pipe);
    if (pipe->must_reset || PQstatus(pipe->conn) != CONNECTION_OK)
        go_down(pipe, "db.lost");
}

static void on_writable(h2o_socket_t *socket, const char *err)
{
    struct db_pipe *pipe = socket->data;
    if (err != NULL)
        go_down(pipe, "db.lost");
    else
        flush(pipe);
}

static void go_up(struct db_pipe *pipe)
{
    if (!db_connect_listen(pipe->conn, pipe->channels, pipe->channels_n) ||
        PQsetnonblocking(pipe->conn, 1) != 0 || PQenterPipelineMode(pipe->conn) == 0) {
        go_down(pipe, "db.connect_failed");
        return;
    }
    pipe->state = PIPE_UP;
    pipe->is_up = true;
    figures_add(pipe->figures, FIGURE_SESSIONS, 1);
    h2o_timeout_unlink(&pipe->retry_entry);
    if (pipe->session != NULL)
        *pipe->session = PQbackendPID(pipe->conn);
    backoff_reset(&pipe->backoff);
    watch(pipe);
    h2o_socket_read_start(pipe->socket, on_readable);
    if (pipe->on_gap != NULL)
        pipe->on_gap(pipe->listen_user);
    tick_soon(pipe);
}

static void connect_step(struct db_pipe *pipe);

static void on_connect_event(h2o_socket_t *socket, const char *err)
{
    struct db_pipe *pipe = socket->data;
    (void)err; /* PQconnectPoll finds out by itself */
    connect_step(pipe);
}

static void connect_step(struct db_pipe *pipe)
{
    PostgresPollingStatusType next = PQconnectPoll(pipe->conn);
    if (next == PGRES_POLLING_OK) {
        go_up(pipe);
        return;
    }
    if (next != PGRES_POLLING_READING && next != PGRES_POLLING_WRITING) {
        go_down(pipe, "db.connect_failed");
        return;
    }
    watch(pipe); /* the descriptor may be another one after each step */
    if (next == PGRES_POLLING_READING)
        h2o_socket_read_start(pipe->socket, on_connect_event);
    else
        h2o_socket_notify_write(pipe->socket, on_connect_event);
}

static void connect_start(struct db_pipe *pipe)
{
    pipe->state = PIPE_CONNECTING;
    pipe->conn = db_connect_start(pipe->conninfo, pipe->silent_hosts);
    if (PQstatus(pipe->conn) == CONNECTION_BAD) {
        go_down(pipe, "db.connect_failed");
        return;
    }
    watch(pipe);
    h2o_socket_notify_write(pipe->socket, on_connect_event);
    set_retry(pipe, pipe->connect_ms);
}

/* Not from here: h2o would take a timer that is set again by its own callback for due at once. */
static void on_retry(h2o_timeout_entry_t *entry)
{
    struct db_pipe *pipe = H2O_STRUCT_FROM_MEMBER(struct db_pipe, retry_entry, entry);
    pipe->is_late = pipe->state == PIPE_CONNECTING;
    if (!pipe->is_late)
        pipe->state = PIPE_DUE;
    tick_soon(pipe);
}

int db_pipe_open(h2o_loop_t *loop, const char *conninfo, struct db_pipe **ret_pipe, struct err *e)
{
    struct db_pipe *pipe = calloc(1, sizeof(*pipe));
    if (pipe == NULL)
        return err_set(e, ERR_INTERNAL, "open database pipe: out of memory");

    pipe->loop = loop;
    pipe->conninfo = conninfo;
    pipe->connect_ms = db_connect_ms(conninfo);
    query_list_init(&pipe->waiting);
    query_list_init(&pipe->held);
    query_list_init(&pipe->in_flight);
    query_list_init(&pipe->failed);
    backoff_init(&pipe->backoff, RECONNECT_FIRST_MS, RECONNECT_MAX_MS);
    h2o_timeout_init(loop, &pipe->tick, 0);
    pipe->tick_entry.cb = on_tick;
    h2o_timeout_init(loop, &pipe->retry, 0);
    pipe->retry_entry.cb = on_retry;
    /* listeners are set before the loop first runs */
    h2o_timeout_link(loop, &pipe->retry, &pipe->retry_entry);

    *ret_pipe = pipe;
    return 0;
}

static void fail_all(struct db_pipe *pipe, struct query_list *list)
{
    struct query *query;
    while ((query = query_list_pop(list)) != NULL) {
        if (query->err.code == ERR_OK)
            (void)err_set(&query->err, ERR_UNAVAILABLE, "%s: shutting down",
                          query->statement->name);
        finish(pipe, query);
    }
}

void db_pipe_close(struct db_pipe *pipe)
{
    if (pipe == NULL)
        return;
    drop_socket(pipe);
    fail_all(pipe, &pipe->in_flight);
    fail_all(pipe, &pipe->waiting);
    fail_all(pipe, &pipe->held);
    fail_all(pipe, &pipe->failed);
    h2o_timeout_unlink(&pipe->tick_entry);
    h2o_timeout_unlink(&pipe->retry_entry);
    h2o_timeout_dispose(pipe->loop, &pipe->tick);
    h2o_timeout_dispose(pipe->loop, &pipe->retry);
    PQfinish(pipe->conn);
    free(pipe);
}

void db_pipe_run_as(struct db_pipe *pipe, const char *actor, const struct statement *statement,
                    struct params *p, db_pipe_callback *callback, void *user)
{
    struct query *query = h2o_mem_alloc(sizeof(*query));
    *query = (struct query){
        .statement = statement,
        .callback = callback,
        .user = user,
        .queued_us = clock_mono_us(),
    };
    figures_add(pipe->figures, FIGURE_STATEMENTS_OPEN, 1);
    if (p != NULL) {
        query->params = *p;
        params_init(p, 0);
    }
    if (actor != NULL)
        audit_store_actor_params(&query->actor, actor);

    if (!params_ok(&query->params))
        fail_later(pipe, query, ERR_LIMIT, "parameters too large");
    else if (db_pipe_load(pipe) >= DB_PIPE_QUEUE_MAX)
        fail_later(pipe, query, ERR_UNAVAILABLE, "too many statements waiting");
    else {
        query_list_push(statement->grouped ? &pipe->held : &pipe->waiting, query);
        tick_soon(pipe);
    }
}

void db_pipe_run(struct db_pipe *pipe, const struct statement *statement, struct params *p,
                 db_pipe_callback *callback, void *user)
{
    db_pipe_run_as(pipe, NULL, statement, p, callback, user);
}

void db_pipe_notify(struct db_pipe *pipe, const char *channel, const char *payload)
{
    for (size_t i = 0; i < pipe->notices_n; i++) {
        if (strcmp(pipe->notices[i].channel, channel) == 0 &&
            strcmp(pipe->notices[i].payload, payload) == 0)
            return;
    }
    if (pipe->notices_n == NOTICES_PER_TICK)
        queue_notices(pipe);

    size_t i = pipe->notices_n++;
    (void)snprintf(pipe->notices[i].channel, sizeof(pipe->notices[i].channel), "%s", channel);
    (void)snprintf(pipe->notices[i].payload, sizeof(pipe->notices[i].payload), "%s", payload);
    tick_soon(pipe);
}

bool db_pipe_is_connected(const struct db_pipe *pipe)
{
    return pipe->state == PIPE_UP;
}

size_t db_pipe_load(const struct db_pipe *pipe)
{
    return pipe->waiting.n + pipe->held.n + pipe->in_flight.n;
}

void db_pipe_report_session(struct db_pipe *pipe, _Atomic int *slot)
{
    pipe->session = slot;
}

void db_pipe_listen(struct db_pipe *pipe, const char *const *channels, size_t n,
                    void (*on_notice)(void *user, const char *channel, const char *payload,
                                      int session),
                    void (*on_gap)(void *user), void *user)
{
    pipe->channels = channels;
    pipe->channels_n = n;
    pipe->on_notice = on_notice;
    pipe->on_gap = on_gap;
    pipe->listen_user = user;
}

void db_pipe_count(struct db_pipe *pipe, struct figures *figures)
{
    pipe->figures = figures;
}
