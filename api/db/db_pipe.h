/* SPDX-License-Identifier: Apache-2.0
 *
 * One PostgreSQL session on an event loop: statements go out in a pipeline without waiting for each
 * other, answers come back as callbacks. The same statements as store/db.h, never blocking.
 *
 * A lost session reconnects by itself with back-off. A statement that was not sent waits for it, at
 * most DB_PIPE_WAIT_MS; one whose answer was outstanding is sent again when it says it may be
 * (statement.repeatable) and fails with ERR_UNCERTAIN when not.
 *
 * Thread: the loop's. Callbacks are always asynchronous: never from inside db_pipe_run().
 */
#ifndef ERRAND_API_DB_PIPE_H
#define ERRAND_API_DB_PIPE_H

#include <stdbool.h>

#include "base/err.h"
#include "store/db.h"

#include <h2o.h>

#define DB_PIPE_WAIT_MS 5000
#define DB_PIPE_QUEUE_MAX                                                                          \
    10000 /* statements waiting or in flight; more fail with ERR_UNAVAILABLE */

struct db_pipe;

/* `err` is NULL on success; else `rows` is NULL. Both are borrowed for the call. */
typedef void db_pipe_callback(void *user, const struct rows *rows, const struct err *err);

/* Starts connecting; returns at once. `conninfo` is borrowed for the pipe's life. */
int db_pipe_open(h2o_loop_t *loop, const char *conninfo, struct db_pipe **ret_pipe,
                 struct err *e) MUST_USE;

/* Fails what is outstanding with ERR_UNAVAILABLE, then frees. */
void db_pipe_close(struct db_pipe *pipe);

/* Queue one statement, a transaction of its own unless it is `grouped`. `p` is moved out of (empty
 * afterwards) and may be NULL. `callback` may be NULL. */
void db_pipe_run(struct db_pipe *pipe, const struct statement *statement, struct params *p,
                 db_pipe_callback *callback, void *user);

/* The same in the name of `actor`: JSON, what audit_events keeps as who did it. */
void db_pipe_run_as(struct db_pipe *pipe, const char *actor, const struct statement *statement,
                    struct params *p, db_pipe_callback *callback, void *user);

/* Wake other processes. Not part of any transaction; the same channel and payload queued twice in
 * one tick goes out once. */
void db_pipe_notify(struct db_pipe *pipe, const char *channel, const char *payload);

bool db_pipe_is_connected(const struct db_pipe *pipe);

/* Statements waiting or in flight. */
size_t db_pipe_load(const struct db_pipe *pipe);

/* Keep the session's number (the server's process id, 0 while it is away) in `slot`, for whoever
 * wants to know its own notifications. */
void db_pipe_report_session(struct db_pipe *pipe, _Atomic int *slot);

/* Count statements and how long they take there; before the first one. */
struct figures;
void db_pipe_count(struct db_pipe *pipe, struct figures *figures);

/* LISTEN on this session, now and after each reconnect; `on_notice` gets every notification with
 * the number of the session that sent it, and `on_gap` is called whenever some may have been missed
 * (after a reconnect). Call once, before the first statement. Channel names are borrowed. */
void db_pipe_listen(struct db_pipe *pipe, const char *const *channels, size_t n,
                    void (*on_notice)(void *user, const char *channel, const char *payload,
                                      int session),
                    void (*on_gap)(void *user), void *user);

#endif
