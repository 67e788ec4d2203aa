/* SPDX-License-Identifier: Apache-2.0
 *
 * The other processes of the API, to whom lines are passed that are not stored: a follower is where
 * the load balancer put it, and lines arrive where it put the agent.
 *
 * Each thread knows the others from the database and keeps one connection to each it has something
 * for. Lines that a peer does not take in time are dropped; its followers are told what they miss.
 */
#ifndef ERRAND_API_PEERS_H
#define ERRAND_API_PEERS_H

#include <stddef.h>

#include "auth/token.h"
#include "base/id.h"

#include "http/request.h"
#include "logs/log_event.h"

struct loop;
struct peers;

/* This process, as others see it. */
struct replica {
    struct id id;
    char url[320]; /* "http://host:port" */
    char secret[TOKEN_PEER_BYTES];
};

/* `url` as set, or NULL: made of the listener's address. */
void replica_init(struct replica *replica, const char *url, const char *listen, unsigned port,
                  const unsigned char *token_key);

struct peers *peers_new(struct loop *loop);
void peers_free(struct peers *peers);

/* One has come, perhaps. */
void peers_look(struct peers *peers);

/* Pass a chunk on to every other process. */
void peers_send_lines(struct peers *peers, struct id run, const struct log_passing *lines);

/* POST /internal/v1/lines: what a peer passes on to us. */
void peers_take_lines(struct request *rq);

#endif
