/* SPDX-License-Identifier: Apache-2.0
 *
 * Life of a loop: for server.c.
 */
#ifndef ERRAND_API_LOOP_START_H
#define ERRAND_API_LOOP_START_H

#include "loop.h"

/* Everything a loop owns, on the caller's thread; `listen_fd` is taken. */
int loop_open(struct loop *loop, h2o_globalconf_t *globalconf, int listen_fd,
              struct err *e) MUST_USE;

/* Run it on a thread of its own. */
int loop_start(struct loop *loop, struct err *e) MUST_USE;

/* From any thread: drain, then end. */
void loop_stop(struct loop *loop);

/* Wait for the end of its thread. */
void loop_join(struct loop *loop);

/* After every loop has ended. */
void loop_close(struct loop *loop);

#endif
