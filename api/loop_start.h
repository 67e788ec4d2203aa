/* SPDX-License-Identifier: Apache-2.0
 *
 * Life of a loop: for server.c. Its thread goes through three stages, each when it is told to:
 * open, serve, close. What a thread opens it also closes, because h2o's socket buffers belong to
 * the thread that made the socket.
 */
#ifndef ERRAND_API_LOOP_START_H
#define ERRAND_API_LOOP_START_H

#include "loop.h"

/* Start the thread and open everything the loop owns; returns when that is done. `listen_fd` is
 * taken. When it fails, nothing is left of the loop. */
int loop_open(struct loop *loop, h2o_globalconf_t *globalconf, int listen_fd,
              struct err *e) MUST_USE;

/* Serve; returns at once. After every loop is open. */
void loop_serve(struct loop *loop);

/* From any thread: drain. */
void loop_stop(struct loop *loop);

/* From any thread: accept new connections with `tls`, of which it takes a reference. */
void loop_renew_tls(struct loop *loop, SSL_CTX *tls);

/* From the main thread: whether it turned since this was last asked, the first time included. */
bool loop_is_alive(struct loop *loop);

/* Wait until it serves no more. */
void loop_wait(struct loop *loop);

/* Close everything and end the thread. After every loop has ended serving. */
void loop_close(struct loop *loop);

#endif
