/* SPDX-License-Identifier: Apache-2.0 */
#include "http/connection.h"

#include "loop.h"
#include "metrics/figures.h"

struct connection {
    struct loop *loop;
    unsigned requests; /* entered and not left */
    bool is_open;
    void *watcher; /* borrowed */
};

static void free_when_unused(struct connection *connection)
{
    if (!connection->is_open && connection->requests == 0)
        free(connection);
}

static void on_closed(void *data)
{
    struct connection *connection = data;
    connection->loop->connections--;
    figures_add(connection->loop->figures, FIGURE_CONNECTIONS, -1);
    connection->is_open = false;
    free_when_unused(connection);
}

void connection_open(struct loop *loop, h2o_socket_t *socket)
{
    struct connection *connection = h2o_mem_alloc(sizeof(*connection));
    *connection = (struct connection){.loop = loop, .is_open = true};
    loop->connections++;
    figures_add(loop->figures, FIGURE_CONNECTIONS, 1);
    socket->on_close.cb = on_closed;
    socket->on_close.data = connection;
}

struct connection *connection_enter(h2o_req_t *req)
{
    struct connection *connection = req->conn->callbacks->get_socket(req->conn)->on_close.data;
    connection->requests++;
    return connection;
}

void connection_leave(struct connection *connection)
{
    connection->requests--;
    free_when_unused(connection);
}

void connection_set_watcher(h2o_socket_t *socket, void *watcher)
{
    struct connection *connection = socket->on_close.data;
    connection->watcher = watcher;
}

void *connection_watcher(const h2o_socket_t *socket)
{
    const struct connection *connection = socket->on_close.data;
    return connection->watcher;
}

bool connection_is_full(const struct connection *connection)
{
    return connection->requests > CONNECTION_REQUESTS_MAX;
}
