/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server: one listener, one loop a thread, the bus between them.
 */
#ifndef ERRAND_API_SERVER_H
#define ERRAND_API_SERVER_H

#include "base/err.h"

#include "loop.h"

struct server;

/* Bind, start the threads and get everything ready; nothing is served yet. `config` is borrowed for
 * the server's life, but for its `tls`, of which references are taken. `listen` is HOST:PORT
 * ("127.0.0.1:8080", "[::1]:8080"); port 0 takes a free one. Errors: ERR_INVALID, ERR_CONFLICT
 * (port taken) */
int server_open(const struct server_config *config, const char *listen, struct server **ret_server,
                struct err *e) MUST_USE;

/* The port that is bound. */
unsigned server_port(const struct server *server);

/* Begin to serve. */
void server_start(struct server *server);

/* Accept new connections with another certificate. Only of a server that was opened with one. */
void server_renew_tls(struct server *server, SSL_CTX *tls);

/* Whether every loop has turned since this was last asked. From the main thread. */
bool server_is_alive(struct server *server);

/* Take no more connections, end the streams, finish what is in progress within
 * config.drain_seconds, and return when no thread serves any more. */
void server_drain(struct server *server);

void server_close(struct server *server);
void server_closep(struct server **server);

#endif
