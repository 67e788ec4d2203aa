/* SPDX-License-Identifier: Apache-2.0
 *
 * One event-loop thread of the API and all it owns. Threads share nothing but the immutable
 * `struct server_config`; what they tell each other goes through bus.h.
 */
#ifndef ERRAND_API_LOOP_H
#define ERRAND_API_LOOP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "auth/key_ring.h"
#include "base/err.h"

#include <h2o.h>

#include "db/db_pipe.h"

struct agent_hub;
struct bus;
struct figures;
struct gauges;
struct gauges_board;
struct log_hub;
struct peers;
struct replica;
struct passwords;
struct rate_limit;
struct rate_table;
struct run_batches;
struct run_waiters;
struct server;
struct token_cache;
struct upkeep;

struct server_config {
    const char *database_url;
    const char *replica_url; /* NULL or "": made of the listener's address */
    const struct key_ring *key_ring;
    SSL_CTX *tls; /* NULL: HTTP in the clear */
    unsigned threads;
    unsigned max_connections;
    unsigned drain_seconds;
    unsigned idle_seconds;      /* of a client that does not send, or does not read */
    unsigned log_wait_seconds;  /* for lines of a run that has ended */
    unsigned keepalive_seconds; /* between signs of life of a live log */
    int64_t started_at_us;
    int64_t requests_per_second; /* of a token; 0: as many as it likes */
};

struct loop {
    const struct server_config *config;
    struct server *server;
    struct bus *bus;               /* shared by all loops */
    const struct replica *self;    /* this process; shared too */
    unsigned index;                /* 0..threads-1 */
    struct rate_limit *rate_limit; /* shared by all loops; NULL: none */
    struct rate_table *log_ins;    /* shared by all loops */
    struct passwords *passwords;   /* shared by all loops */
    h2o_multithread_receiver_t password_answers;
    h2o_context_t h2o; /* loop->h2o.loop is the h2o_loop_t */
    uint64_t seen_ms;  /* its clock, at the last turn (loop_timers.h) */
    struct db_pipe *db;
    struct db_pipe *notices;     /* LISTEN; the first loop's, else NULL */
    struct upkeep *upkeep;       /* the first loop's, else NULL */
    struct figures *figures;     /* what this loop counts */
    struct figures *all_figures; /* of every loop; config->threads of them */
    struct gauges *gauges;
    struct gauges_board *board; /* shared by all loops */
    struct peers *peers;        /* the other processes */
    struct token_cache *tokens;
    struct log_hub *logs;        /* who follows which run on this thread */
    struct run_batches *runs;    /* triggers and reads on their way */
    struct run_waiters *waiters; /* who waits for the end of which run */
    struct agent_hub *agents;    /* which hypervisors hold their stream on this thread */
    h2o_accept_ctx_t accept;
    h2o_socket_t *listener;
    h2o_multithread_receiver_t control; /* hears what loop_start.h sends */
    unsigned connections;
    unsigned requests;    /* in progress, streams included */
    bool draining;        /* no new requests; streams end */
    atomic_bool is_asked; /* for a sign of life, and has not given it yet */
    pthread_t thread;
    sem_t told; /* the thread goes on to its next stage */
    sem_t done; /* it has ended one */
};

/* The loop that serves `req`. */
struct loop *loop_of(h2o_req_t *req);

#endif
