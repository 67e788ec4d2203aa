/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop drains on its own thread: the listener closes, streams end with a hint to come back
 * elsewhere, and the thread ends when no request is left or the time is over.
 */
#include "loop.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#include "access/auth.h"
#include "access/passwords.h"
#include "agents/agent_hub.h"
#include "bus_start.h"
#include "http/connection.h"
#include "logs/log_hub.h"
#include "loop_start.h"
#include "loop_timers.h"
#include "metrics/gauges.h"
#include "peers.h"
#include "runs/run_batches.h"
#include "runs/run_waiters.h"
#include "upkeep.h"

#define ACCEPT_PER_WAKE 64
#define DRAIN_STEP_MS 50
#define TURN_MAX_MS 10000 /* a timer that is far off by a clock set back is seen after that */

enum loop_order_kind {
    LOOP_DRAIN,
    LOOP_RENEW_TLS,
    LOOP_SIGN_OF_LIFE,
};

struct loop_order {
    h2o_multithread_message_t message;
    enum loop_order_kind kind;
    SSL_CTX *tls; /* owned; LOOP_RENEW_TLS */
};

struct loop *loop_of(h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct loop, h2o, req->conn->ctx);
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    struct loop *loop = listener->data;
    if (err != NULL)
        return;

    for (int i = 0; i < ACCEPT_PER_WAKE; i++) {
        h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
        if (socket == NULL)
            return;
        if (loop->connections >= loop->config->max_connections) {
            h2o_socket_close(socket);
            continue;
        }
        connection_open(loop, socket);
        h2o_accept(&loop->accept, socket);
    }
}

/* New connections are accepted with `tls`; the open ones keep what they have. */
static void use_tls(struct loop *loop, SSL_CTX *tls)
{
    SSL_CTX_free(loop->accept.ssl_ctx);
    loop->accept.ssl_ctx = tls;
}

static void start_draining(struct loop *loop)
{
    if (loop->draining)
        return;
    loop->draining = true;
    h2o_socket_close(loop->listener);
    loop->listener = NULL;
    log_hub_drain(loop->logs);
    run_waiters_drain(loop->waiters);
    agent_hub_drain(loop->agents);
    h2o_context_request_shutdown(&loop->h2o);
}

static void follow(struct loop *loop, struct loop_order *order)
{
    switch (order->kind) {
    case LOOP_DRAIN:
        start_draining(loop);
        break;
    case LOOP_RENEW_TLS:
        use_tls(loop, order->tls);
        break;
    case LOOP_SIGN_OF_LIFE:
        atomic_store(&loop->is_asked, false);
    }
}

static void on_control(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, control, receiver);
    while (!h2o_linklist_is_empty(messages)) {
        struct loop_order *order =
            H2O_STRUCT_FROM_MEMBER(struct loop_order, message.link, messages->next);
        h2o_linklist_unlink(&order->message.link);
        follow(loop, order);
        free(order);
    }
}

static void send_order(struct loop *loop, enum loop_order_kind kind, SSL_CTX *tls)
{
    struct loop_order *order = h2o_mem_alloc(sizeof(*order));
    *order = (struct loop_order){.kind = kind, .tls = tls};
    h2o_multithread_send_message(&loop->control, &order->message);
}

static void turn(struct loop *loop, int32_t wait_ms)
{
    (void)h2o_evloop_run(loop->h2o.loop, wait_ms);
    loop_timers_mend(loop->h2o.loop, &loop->seen_ms);
}

static void serve(struct loop *loop)
{
    while (!loop->draining)
        turn(loop, TURN_MAX_MS);

    int64_t until = clock_mono_us() + loop->config->drain_seconds * CLOCK_US_PER_S;
    while (loop->requests > 0 && clock_mono_us() < until)
        turn(loop, DRAIN_STEP_MS);
    if (loop->requests > 0)
        log_warn("loop.drain_cut loop=%u requests=%u", loop->index, loop->requests);
}

static int open_sessions(struct loop *loop, struct err *e)
{
    int r = db_pipe_open(loop->h2o.loop, loop->config->database_url, &loop->db, e);
    if (r < 0)
        return r;
    db_pipe_count(loop->db, loop->figures);
    loop->runs = run_batches_new(loop);
    bus_speak(loop->bus, loop);
    loop->peers = peers_new(loop);
    if (loop->index > 0)
        return 0;
    r = db_pipe_open(loop->h2o.loop, loop->config->database_url, &loop->notices, e);
    if (r == 0) {
        db_pipe_count(loop->notices, loop->figures);
        bus_hear(loop->bus, loop->notices);
    }
    loop->upkeep = r == 0 ? upkeep_new(loop) : NULL;
    return r;
}

static void open_all(struct loop *loop, h2o_globalconf_t *globalconf, int listen_fd)
{
    h2o_context_init(&loop->h2o, h2o_evloop_create(), globalconf);
    loop->accept = (h2o_accept_ctx_t){.ctx = &loop->h2o, .hosts = globalconf->hosts};
    if (loop->config->tls != NULL && SSL_CTX_up_ref(loop->config->tls) == 1)
        use_tls(loop, loop->config->tls);
    loop->tokens = token_cache_new();
    loop->logs = log_hub_new(loop);
    loop->waiters = run_waiters_new(loop);
    loop->agents = agent_hub_new(loop);
    loop->gauges = gauges_new(loop, loop->board);
    h2o_multithread_register_receiver(loop->h2o.queue, &loop->control, on_control);
    passwords_join(loop);
    bus_join(loop->bus, loop);

    loop->listener = h2o_evloop_socket_create(loop->h2o.loop, listen_fd, H2O_SOCKET_FLAG_DONT_READ);
    loop->listener->data = loop;
    h2o_socket_read_start(loop->listener, on_accept);
}

static void close_all(struct loop *loop)
{
    peers_free(loop->peers);
    gauges_free(loop->gauges);
    db_pipe_close(loop->notices);
    db_pipe_close(loop->db);
    run_batches_free(loop->runs);
    upkeep_free(loop->upkeep);
    agent_hub_free(loop->agents);
    run_waiters_free(loop->waiters);
    log_hub_free(loop->logs);
    token_cache_free(loop->tokens);
    passwords_leave(loop);
    bus_leave(loop->bus, loop);
    if (loop->listener != NULL)
        h2o_socket_close(loop->listener);
    use_tls(loop, NULL);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0)
        continue; /* interrupted */
}

struct opening {
    struct loop *loop;
    h2o_globalconf_t *globalconf;
    int listen_fd;
    int result;
    struct err *e;
};

static void *run(void *arg)
{
    struct opening *opening = arg;
    struct loop *loop = opening->loop;
    open_all(loop, opening->globalconf, opening->listen_fd);
    bool is_open = (opening->result = open_sessions(loop, opening->e)) == 0;
    (void)sem_post(&loop->done);

    if (is_open) {
        wait_for(&loop->told);
        serve(loop);
        (void)sem_post(&loop->done);
        wait_for(&loop->told);
    }
    close_all(loop);
    return NULL;
}

int loop_open(struct loop *loop, h2o_globalconf_t *globalconf, int listen_fd, struct err *e)
{
    struct opening opening = {loop, globalconf, listen_fd, 0, e};
    (void)sem_init(&loop->told, 0, 0);
    (void)sem_init(&loop->done, 0, 0);
    int r = pthread_create(&loop->thread, NULL, run, &opening);
    if (r != 0) {
        (void)close(listen_fd);
        return err_errno(e, r, "start thread");
    }
    wait_for(&loop->done);
    if (opening.result < 0)
        (void)pthread_join(loop->thread, NULL);
    return opening.result;
}

void loop_serve(struct loop *loop)
{
    (void)sem_post(&loop->told);
}

void loop_stop(struct loop *loop)
{
    send_order(loop, LOOP_DRAIN, NULL);
}

void loop_renew_tls(struct loop *loop, SSL_CTX *tls)
{
    if (SSL_CTX_up_ref(tls) == 1)
        send_order(loop, LOOP_RENEW_TLS, tls);
}

bool loop_is_alive(struct loop *loop)
{
    if (atomic_exchange(&loop->is_asked, true))
        return false;
    send_order(loop, LOOP_SIGN_OF_LIFE, NULL);
    return true;
}

void loop_wait(struct loop *loop)
{
    wait_for(&loop->done);
}

void loop_close(struct loop *loop)
{
    (void)sem_post(&loop->told);
    (void)pthread_join(loop->thread, NULL);
}
