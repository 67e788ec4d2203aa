/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <jansson.h>

#include "auth/secret.h"

#include "access/passwords.h"
#include "bus_start.h"
#include "http/rate_limit.h"
#include "http/router.h"
#include "loop_start.h"
#include "metrics/figures.h"
#include "metrics/gauges.h"
#include "peers.h"

#define LISTEN_BACKLOG 1024
#define ENTITY_MAX_BYTES (2u << 20) /* above every endpoint's own, so that they answer 413 */

enum server_stage {
    SERVER_OPEN,
    SERVER_SERVES,
    SERVER_ENDED,
};

struct server {
    h2o_globalconf_t globalconf;
    struct bus *bus;
    struct rate_limit *rate_limit;
    struct rate_table *log_ins;
    struct passwords *passwords;
    struct figures *figures; /* one a loop */
    struct gauges_board *board;
    struct loop *loops;
    unsigned threads;
    unsigned open_n; /* loops that are open */
    enum server_stage stage;
    int listen_fd; /* each loop has a copy */
    unsigned port;
    struct replica self;
};

/* "127.0.0.1:8080" or "[::1]:8080" into host and port. */
static int split_address(const char *listen, char *host, size_t host_size, const char **ret_port,
                         struct err *e)
{
    const char *colon = strrchr(listen, ':');
    const char *from = listen;
    const char *to = colon;
    if (colon != NULL && listen[0] == '[' && colon > listen && colon[-1] == ']') {
        from = listen + 1;
        to = colon - 1;
    }
    if (colon == NULL || colon[1] == '\0' || (size_t)(to - from) >= host_size)
        return err_set(e, ERR_INVALID, "listen must be HOST:PORT such as 127.0.0.1:8080, not '%s'",
                       listen);
    memcpy(host, from, (size_t)(to - from));
    host[to - from] = '\0';
    *ret_port = colon + 1;
    return 0;
}

static int listen_at(const struct addrinfo *at, const char *listen_text, unsigned idle_seconds,
                     int *ret_fd, struct err *e)
{
    static const int on = 1;
    /* what is accepted has it, too: h2o waits for ever for a client that does not read */
    const unsigned unread_ms = idle_seconds * 1000;
    CLEANUP(fd_closep)
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unread_ms, sizeof(unread_ms)) < 0 ||
        bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
        if (errno == EADDRINUSE)
            return err_set(e, ERR_CONFLICT, "listen on %s: the port is taken", listen_text);
        return err_errno(e, errno, "listen on %s", listen_text);
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
}

static int open_listener(struct server *server, const char *listen_text, unsigned idle_seconds,
                         int *ret_fd, struct err *e)
{
    char host[256];
    const char *port = NULL;
    int r = split_address(listen_text, host, sizeof(host), &port, e);
    if (r < 0)
        return r;

    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    int gai = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found);
    if (gai != 0)
        return err_set(e, ERR_INVALID, "listen on %s: %s", listen_text, gai_strerror(gai));

    r = listen_at(found, listen_text, idle_seconds, ret_fd, e);
    /* in the clear, HTTP/2 is for this machine only */
    server->globalconf.http1.upgrade_to_http2 = is_loopback(found->ai_addr);
    freeaddrinfo(found);
    return r;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t n = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &n) < 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static void configure_h2o(h2o_globalconf_t *config, unsigned idle_seconds)
{
    h2o_config_init(config);
    config->server_name = h2o_iovec_init(H2O_STRLIT("errand"));
    /* of a request's head and body together, however they come, and of the pause between two */
    config->http1.req_timeout = idle_seconds * UINT64_C(1000);
    config->http2.idle_timeout = config->http1.req_timeout;
    config->max_request_entity_size = ENTITY_MAX_BYTES;
    h2o_hostconf_t *host =
        h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    router_register(h2o_config_register_path(host, "/", 0));
}

static int open_loops(struct server *server, const struct server_config *config, struct err *e)
{
    for (; server->open_n < server->threads; server->open_n++) {
        struct loop *loop = &server->loops[server->open_n];
        loop->config = config;
        loop->bus = server->bus;
        loop->self = &server->self;
        loop->rate_limit = server->rate_limit;
        loop->log_ins = server->log_ins;
        loop->passwords = server->passwords;
        loop->figures = &server->figures[server->open_n];
        loop->all_figures = server->figures;
        loop->board = server->board;
        loop->index = server->open_n;
        int fd = fcntl(server->listen_fd, F_DUPFD_CLOEXEC, 0);
        int r = fd < 0 ? err_errno(e, errno, "share the listener")
                       : loop_open(loop, &server->globalconf, fd, e);
        if (r < 0)
            return r;
    }
    return 0;
}

/* So that answers can be built without a look at every allocation. */
static void *alloc_or_abort(size_t n)
{
    return h2o_mem_alloc(n);
}

/* What JSON held may have been a password or an environment. */
static void wipe_and_free(void *memory)
{
    if (memory != NULL)
        secret_wipe(memory, malloc_usable_size(memory));
    free(memory);
}

int server_open(const struct server_config *config, const char *listen, struct server **ret_server,
                struct err *e)
{
    json_set_alloc_funcs(alloc_or_abort, wipe_and_free);
    CLEANUP(server_closep) struct server *server = h2o_mem_alloc(sizeof(*server));
    *server = (struct server){.threads = config->threads, .listen_fd = -1};
    configure_h2o(&server->globalconf, config->idle_seconds);

    int r = open_listener(server, listen, config->idle_seconds, &server->listen_fd, e);
    if (r < 0)
        return r;
    server->port = port_of(server->listen_fd);
    replica_init(&server->self, config->replica_url, listen, server->port,
                 key_ring_token_key(config->key_ring));
    server->bus = bus_new(server->threads);
    server->rate_limit = rate_limit_new(config->requests_per_second);
    server->log_ins = rate_table_new();
    server->passwords = passwords_new();
    server->board = gauges_board_new();
    server->figures = figures_new(server->threads);
    server->loops = h2o_mem_alloc(server->threads * sizeof(*server->loops));
    memset(server->loops, 0, server->threads * sizeof(*server->loops));

    r = open_loops(server, config, e);
    if (r < 0)
        return r;
    *ret_server = TAKE_PTR(server);
    return 0;
}

unsigned server_port(const struct server *server)
{
    return server->port;
}

void server_start(struct server *server)
{
    server->stage = SERVER_SERVES;
    for (unsigned i = 0; i < server->open_n; i++)
        loop_serve(&server->loops[i]);
}

void server_renew_tls(struct server *server, SSL_CTX *tls)
{
    for (unsigned i = 0; i < server->open_n; i++)
        loop_renew_tls(&server->loops[i], tls);
}

bool server_is_alive(struct server *server)
{
    bool is_alive = true;
    for (unsigned i = 0; i < server->open_n; i++)
        is_alive = loop_is_alive(&server->loops[i]) && is_alive;
    return is_alive;
}

void server_drain(struct server *server)
{
    server->stage = SERVER_ENDED;
    for (unsigned i = 0; i < server->open_n; i++)
        loop_stop(&server->loops[i]);
    for (unsigned i = 0; i < server->open_n; i++)
        loop_wait(&server->loops[i]);
}

void server_close(struct server *server)
{
    if (server == NULL)
        return;
    /* a loop cannot skip a stage */
    if (server->stage == SERVER_OPEN)
        server_start(server);
    if (server->stage == SERVER_SERVES)
        server_drain(server);
    passwords_stop(server->passwords);
    for (unsigned i = 0; i < server->open_n; i++)
        loop_close(&server->loops[i]);
    passwords_free(server->passwords);
    rate_table_free(server->log_ins);
    rate_limit_free(server->rate_limit);
    h2o_config_dispose(&server->globalconf);
    bus_free(server->bus);
    free(server->loops);
    free(server->figures);
    gauges_board_free(server->board);
    fd_closep(&server->listen_fd);
    free(server);
}

void server_closep(struct server **server)
{
    server_close(*server);
}
