/* SPDX-License-Identifier: Apache-2.0
 *
 * What every program does to its own process: no secret reaches a core dump, signals arrive as
 * bytes on a descriptor, and the supervisor hears when it is ready.
 */
#ifndef ERRAND_SERVICE_PROCESS_H
#define ERRAND_SERVICE_PROCESS_H

#include <stdbool.h>

#include "base/err.h"

/* "0.1.0"; from the build. */
extern const char process_version[];

/* First statement of main(), before any thread and any secret: SIGPIPE ignored, no core dump
 * (RLIMIT_CORE 0, not dumpable), standard descriptors 0 to 2 open, new files private (umask 077).
 * Errors: ERR_INTERNAL, ERR_DENIED; the program must not go on. */
int process_init(struct err *e) MUST_USE;

/* Block SIGTERM, SIGINT and SIGHUP (and SIGCHLD when `with_children`) in this thread, and so in all
 * it starts later, and open a descriptor that becomes readable when one of them is pending.
 *
 * Out:     ret_fd  non-blocking, close-on-exec, for any loop; close it
 * A child that execs something else starts with process_signals_reset().
 */
int process_signals_open(bool with_children, int *ret_fd, struct err *e) MUST_USE;

/* The next pending signal number, 0 when there is none. */
int process_signal_next(int fd);

/* In a child between fork and exec: nothing blocked, nothing ignored. Async-signal-safe. */
void process_signals_reset(void);

/* Tell the supervisor ("READY=1", "STOPPING=1", "STATUS=...") by the datagram protocol of
 * sd_notify(3). Without NOTIFY_SOCKET this does nothing.
 * Errors: ERR_INVALID, ERR_UNAVAILABLE; worth a log line, never worth stopping for. */
#define PROCESS_STOPPING "STOPPING=1\nWATCHDOG_USEC=0" /* who drains gives no signs of life */
int process_notify(const char *state, struct err *e);

#endif
