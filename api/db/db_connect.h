/* SPDX-License-Identifier: Apache-2.0
 *
 * How a loop's session with PostgreSQL begins.
 */
#ifndef ERRAND_API_DB_CONNECT_H
#define ERRAND_API_DB_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

/* Begin; polling goes on. The connection is to be finished, whatever came of it. Of several hosts
 * that the conninfo names, the one at place `first` (modulo their number) is asked first: one that
 * is silent takes all the time there is. */
PGconn *db_connect_start(const char *conninfo, unsigned first);

/* How long that may take: the conninfo's connect_timeout, which libpq leaves to whoever polls. */
unsigned db_connect_ms(const char *conninfo);

/* Hear these channels, before the session is used for anything else; waits for the server. */
bool db_connect_listen(PGconn *conn, const char *const *channels, size_t n);

#endif
