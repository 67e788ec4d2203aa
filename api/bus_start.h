/* SPDX-License-Identifier: Apache-2.0
 *
 * Life of the bus: for server.c and loop.c.
 *
 * All loops join before the first of them runs; what is sent to a loop that has left is lost.
 */
#ifndef ERRAND_API_BUS_START_H
#define ERRAND_API_BUS_START_H

#include "bus.h"
#include "loop.h"

struct bus *bus_new(unsigned loops);
void bus_free(struct bus *bus);

void bus_join(struct bus *bus, struct loop *loop);
void bus_leave(struct bus *bus, struct loop *loop);

/* Know what this loop's session says for our own when it comes back. */
void bus_speak(struct bus *bus, struct loop *loop);

/* Bring in what other processes say; `pipe` is a session for that alone, on any loop. */
void bus_hear(struct bus *bus, struct db_pipe *pipe);

#endif
