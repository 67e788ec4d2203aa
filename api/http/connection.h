/* SPDX-License-Identifier: Apache-2.0
 *
 * A client's connection: how much of its loop's work is done for it. HTTP/2 lets a client begin
 * requests and take them back without end, while what they began goes on in the database; that
 * counts until it has ended, and over CONNECTION_REQUESTS_MAX nothing more is begun.
 */
#ifndef ERRAND_API_CONNECTION_H
#define ERRAND_API_CONNECTION_H

#include <stdbool.h>

#include <h2o.h>

struct loop;

/* In progress on one connection, streams included. */
#define CONNECTION_REQUESTS_MAX 256

struct connection;

/* Count a new connection on `loop` for as long as `socket` is open. */
void connection_open(struct loop *loop, h2o_socket_t *socket);

/* A request begins on the connection of `req`; end it with connection_leave(). */
struct connection *connection_enter(h2o_req_t *req);
void connection_leave(struct connection *connection);

/* Keep a pointer for whoever watches the connection's socket; NULL: nobody does. */
void connection_set_watcher(h2o_socket_t *socket, void *watcher);
void *connection_watcher(const h2o_socket_t *socket);

/* It has more in progress than one connection may. */
bool connection_is_full(const struct connection *connection);

#endif
