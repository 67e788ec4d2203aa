/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling the agent to look: datagrams to its socket (run_spec.h). Sent by path each time, so that
 * an agent started again is reached without anyone noticing.
 */
#ifndef ERRAND_SHIM_WAKE_H
#define ERRAND_SHIM_WAKE_H

#include <stdint.h>
#include <sys/un.h>

#include "run_spec.h"

struct wake {
    int fd; /* -1 = wake nobody */
    struct sockaddr_un agent;
    char run[ID_TEXT_BYTES + 11]; /* "<run>/<attempt>" */
    int64_t next_log_us;          /* monotonic; not before */
    bool log_due;                 /* "log" waits for next_log_us */
    const char *due;              /* so does this event: the agent's queue was full; NULL = none */
};

/* Without a socket in the spec, or with one too long for sun_path, nobody will be woken. */
void wake_init(struct wake *wake, const struct run_spec *spec);
void wake_done(struct wake *wake);

/* False when the agent lives and its queue is full: nothing was sent. */
bool wake_send(struct wake *wake, const char *event);

/* Send "ready" or "started" (a constant), now or with wake_log_pending(). */
void wake_tell(struct wake *wake, const char *event);

/* The spool has grown: send "log" now, or when RUN_WAKE_INTERVAL_MS have passed since the last. */
void wake_log(struct wake *wake, int64_t mono_us);

/* Send what is due; a queue that is full is tried again. Returns when to call again, monotonic, or
 * INT64_MAX. */
int64_t wake_log_pending(struct wake *wake, int64_t mono_us);

#endif
