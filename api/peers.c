/* SPDX-License-Identifier: Apache-2.0
 *
 * One request at a time to each peer; what comes meanwhile is the next one's body.
 */
#include "peers.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <h2o/http1client.h>
#include <h2o/socketpool.h>

#include "auth/key_ring.h"
#include "auth/token.h"
#include "base/log.h"
#include "base/parse.h"
#include "logs/log_frame.h"
#include "model/limits.h"
#include "store/replica_store.h"

#include "bus.h"
#include "http/reply.h"
#include "loop.h"

#define SAY_MS 5000
#define IO_TIMEOUT_MS 5000
#define IDLE_TIMEOUT_MS 30000 /* shorter than the other side's */
#define CONNECTIONS_A_PEER 4
#define HEADER_BYTES_MAX 1024

struct peer {
    struct peer *next;
    struct peers *peers;
    struct id id;
    bool is_listed;
    char host[256];
    h2o_socketpool_t pool;
    h2o_http1client_t *client; /* NULL: nothing is on its way */
    h2o_iovec_t pieces[2];
    struct buf header;
    struct buf sending;
    struct buf waiting; /* whole frames */
    bool is_behind;     /* some were dropped */
};

struct peers {
    struct loop *loop;
    struct peer *first;
    h2o_http1client_ctx_t http;
    h2o_timeout_t io;
    h2o_timeout_t say;
    h2o_timeout_entry_t say_entry;
    bool is_asking;
    bool is_said; /* once at least: the others know of us */
    bool is_over;
};

void replica_init(struct replica *replica, const char *url, const char *listen, unsigned port,
                  const unsigned char *token_key)
{
    replica->id = id_new();
    token_make_peer_secret(token_key, replica->secret);
    if (url != NULL && url[0] != '\0') {
        (void)snprintf(replica->url, sizeof(replica->url), "%s", url);
        return;
    }
    char name[256] = "localhost";
    const char *colon = strrchr(listen, ':');
    size_t n = colon != NULL ? (size_t)(colon - listen) : 0;
    static const char *const any[] = {"", "*", "0.0.0.0", "[::]", "::"};
    bool is_any = false;
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
        is_any = is_any || (strlen(any[i]) == n && memcmp(listen, any[i], n) == 0);
    if (is_any)
        (void)gethostname(name, sizeof(name) - 1);
    else
        (void)snprintf(name, sizeof(name), "%.*s", (int)n, listen);
    (void)snprintf(replica->url, sizeof(replica->url), "http://%s:%u", name, port);
}

static void peer_free(struct peer *peer)
{
    if (peer->client != NULL)
        h2o_http1client_cancel(peer->client);
    h2o_socketpool_dispose(&peer->pool);
    buf_done(&peer->header);
    buf_done(&peer->sending);
    buf_done(&peer->waiting);
    free(peer);
}

/* False when that is no address we can speak to. */
static bool read_url(const char *url, char *ret_host, size_t host_size, int64_t *ret_port)
{
    static const char scheme[] = "http://";
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    const char *host = url + sizeof(scheme) - 1;
    const char *colon = strrchr(host, ':');
    size_t n = colon != NULL ? (size_t)(colon - host) : strlen(host);
    if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    if (n == 0 || n >= host_size)
        return false;
    (void)snprintf(ret_host, host_size, "%.*s", (int)n, host);
    *ret_port = 80;
    return colon == NULL || parse_i64(colon + 1, 1, 65535, "port", ret_port, NULL) == 0;
}

static void add_peer(struct peers *peers, struct id id, const char *url)
{
    char host[256];
    int64_t port;
    if (!read_url(url, host, sizeof(host), &port)) {
        log_warn("peer.address_refused peer=%s", ID_TEXT(id));
        return;
    }
    struct peer *peer = h2o_mem_alloc(sizeof(*peer));
    *peer = (struct peer){.next = peers->first, .peers = peers, .id = id, .is_listed = true};
    (void)snprintf(peer->host, sizeof(peer->host), "%s", host);
    h2o_socketpool_init_by_hostport(&peer->pool, h2o_iovec_init(peer->host, strlen(peer->host)),
                                    (uint16_t)port, 0, CONNECTIONS_A_PEER);
    h2o_socketpool_set_timeout(&peer->pool, peers->loop->h2o.loop, IDLE_TIMEOUT_MS);
    buf_init(&peer->header, HEADER_BYTES_MAX);
    buf_init(&peer->sending, LIMIT_LOG_BATCH_BYTES);
    buf_init(&peer->waiting, LIMIT_LOG_BATCH_BYTES);
    peers->first = peer;
    log_info("peer.found peer=%s url=%s", ID_TEXT(id), url);
}

static void drop_unlisted(struct peers *peers)
{
    struct peer **at = &peers->first;
    while (*at != NULL) {
        struct peer *peer = *at;
        if (peer->is_listed) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        log_info("peer.gone peer=%s", ID_TEXT(peer->id));
        peer_free(peer);
    }
}

static void take_list(struct peers *peers, const struct rows *rows)
{
    for (struct peer *peer = peers->first; peer != NULL; peer = peer->next)
        peer->is_listed = false;
    for (int i = 0; i < rows_count(rows); i++) {
        struct id id = replica_store_id(rows, i);
        struct peer *peer = peers->first;
        while (peer != NULL && !id_equal(peer->id, id))
            peer = peer->next;
        if (peer != NULL)
            peer->is_listed = true;
        else
            add_peer(peers, id, replica_store_url(rows, i));
    }
    drop_unlisted(peers);
}

static void on_said(void *user, const struct rows *rows, const struct err *err)
{
    struct peers *peers = user;
    peers->is_asking = false;
    if (peers->is_over) {
        free(peers);
        return;
    }
    if (err != NULL)
        return;
    take_list(peers, rows);
    if (!peers->is_said && peers->loop->index == 0)
        bus_publish(peers->loop, BUS_REPLICA, peers->loop->self->id);
    peers->is_said = true;
}

static void say(struct peers *peers)
{
    struct params p;
    if (peers->is_asking)
        return;
    peers->is_asking = true;
    replica_store_say_params(&p, peers->loop->self->id, peers->loop->self->url);
    db_pipe_run(peers->loop->db, &replica_store_say, &p, on_said, peers);
}

static void on_say(h2o_timeout_entry_t *entry)
{
    struct peers *peers = H2O_STRUCT_FROM_MEMBER(struct peers, say_entry, entry);
    say(peers);
    h2o_timeout_link(peers->loop->h2o.loop, &peers->say, &peers->say_entry);
}

struct peers *peers_new(struct loop *loop)
{
    struct peers *peers = h2o_mem_alloc(sizeof(*peers));
    *peers = (struct peers){.loop = loop, .say_entry = {.cb = on_say}};
    h2o_timeout_init(loop->h2o.loop, &peers->io, IO_TIMEOUT_MS);
    h2o_timeout_init(loop->h2o.loop, &peers->say, SAY_MS);
    peers->http = (h2o_http1client_ctx_t){
        .loop = loop->h2o.loop,
        .getaddr_receiver = &loop->h2o.receivers.hostinfo_getaddr,
        .io_timeout = &peers->io,
    };
    h2o_timeout_link(loop->h2o.loop, &peers->say, &peers->say_entry);
    say(peers);
    return peers;
}

void peers_look(struct peers *peers)
{
    say(peers);
}

void peers_free(struct peers *peers)
{
    if (peers == NULL)
        return;
    while (peers->first != NULL) {
        struct peer *peer = peers->first;
        peers->first = peer->next;
        peer_free(peer);
    }
    h2o_timeout_unlink(&peers->say_entry);
    h2o_timeout_dispose(peers->loop->h2o.loop, &peers->say);
    h2o_timeout_dispose(peers->loop->h2o.loop, &peers->io);
    peers->is_over = true;
    if (!peers->is_asking)
        free(peers);
}

static void send_waiting(struct peer *peer);

/* The request is over; its client frees itself. */
static void finish(struct peer *peer, const char *trouble)
{
    if (trouble != NULL && !peer->is_behind)
        log_warn("peer.missed_lines peer=%s error=\"%s\"", ID_TEXT(peer->id), trouble);
    peer->is_behind = trouble != NULL;
    peer->client = NULL;
    buf_clear(&peer->sending);
    send_waiting(peer);
}

static int on_body(h2o_http1client_t *client, const char *error)
{
    struct peer *peer = client->data;
    h2o_buffer_consume(&client->sock->input, client->sock->input->size);
    if (error != NULL)
        finish(peer, error == h2o_http1client_error_is_eos ? NULL : error);
    return 0;
}

static h2o_http1client_body_cb on_head(h2o_http1client_t *client, const char *error, int minor,
                                       int status, h2o_iovec_t message, h2o_header_t *headers,
                                       size_t headers_n, int rlen)
{
    struct peer *peer = client->data;
    (void)minor;
    (void)message;
    (void)headers;
    (void)headers_n;
    (void)rlen;
    if (error != NULL && error != h2o_http1client_error_is_eos) {
        finish(peer, error);
        return NULL;
    }
    if (status != 200)
        log_warn("peer.refused_lines peer=%s status=%d", ID_TEXT(peer->id), status);
    if (error != NULL) {
        finish(peer, NULL);
        return NULL;
    }
    return on_body;
}

static h2o_http1client_head_cb on_connect(h2o_http1client_t *client, const char *error,
                                          h2o_iovec_t **pieces, size_t *pieces_n, int *is_head)
{
    struct peer *peer = client->data;
    if (error != NULL) {
        finish(peer, error);
        return NULL;
    }
    *is_head = 0;
    peer->pieces[0] = h2o_iovec_init(peer->header.data, peer->header.len);
    peer->pieces[1] = h2o_iovec_init(peer->sending.data, peer->sending.len);
    *pieces = peer->pieces;
    *pieces_n = 2;
    return on_head;
}

static void send_waiting(struct peer *peer)
{
    if (peer->client != NULL || peer->waiting.len == 0 || peer->peers->is_over)
        return;
    struct buf sending = peer->waiting;
    peer->waiting = peer->sending;
    peer->sending = sending;
    buf_clear(&peer->header);
    buf_printf(&peer->header,
               "POST /internal/v1/lines HTTP/1.1\r\nhost: %s\r\n"
               "authorization: Bearer %s\r\ncontent-type: application/octet-stream\r\n"
               "content-length: %zu\r\n\r\n",
               peer->host, peer->peers->loop->self->secret, peer->sending.len);
    h2o_http1client_connect_with_pool(&peer->client, peer, &peer->peers->http, &peer->pool,
                                      on_connect);
}

void peers_send_lines(struct peers *peers, struct id run, const struct log_passing *lines)
{
    for (struct peer *peer = peers->first; peer != NULL; peer = peer->next) {
        if (peer->waiting.len + LOG_FRAME_HEAD_BYTES + lines->n > LIMIT_LOG_BATCH_BYTES) {
            peer->is_behind = true;
            continue;
        }
        log_frame_begin(&peer->waiting, run, lines->attempt);
        buf_add(&peer->waiting, lines->bytes, lines->n);
        send_waiting(peer);
    }
}

static bool is_from_peer(struct request *rq)
{
    static const char scheme[] = "Bearer ";
    const char *text = request_header(rq, "authorization");
    size_t n = sizeof(scheme) - 1;
    const unsigned char *key = key_ring_token_key(rq->loop->config->key_ring);
    return text != NULL && strncasecmp(text, scheme, n) == 0 &&
           token_is_peer_secret(key, text + n, strlen(text + n));
}

void peers_take_lines(struct request *rq)
{
    if (!is_from_peer(rq)) {
        reply_error(rq, ERR_UNAUTHENTICATED, "This is between the replicas of the API");
        return;
    }
    h2o_iovec_t body = request_body(rq);
    struct log_frame frame;
    struct err e;
    size_t used;
    for (size_t at = 0; at < body.len; at += used) {
        if (log_frame_parse(body.base + at, body.len - at, &frame, &used, &e) < 0) {
            reply_problem(rq, "body", e.msg);
            return;
        }
        if (!frame.is_whole)
            continue;
        int64_t first_id = (int64_t)frame.chunk.first_id;
        bus_publish_lines(rq->loop, frame.run_id,
                          &(struct log_passing){
                              .attempt = frame.attempt,
                              .first_id = first_id,
                              .last_id = first_id + frame.chunk.n_lines - 1,
                              .bytes = frame.bytes,
                              .n = frame.n,
                          });
    }
    reply_empty(rq, 200);
}
