/* SPDX-License-Identifier: Apache-2.0
 *
 * The shim's ear: a datagram socket in the run dir. One word a datagram.
 */
#ifndef ERRAND_SHIM_CONTROL_H
#define ERRAND_SHIM_CONTROL_H

#include <stdint.h>

#include "base/err.h"

#define CONTROL_SOCKET "control.sock"

enum control_word {
    CONTROL_NOTHING, /* nothing to read, or no word we know */
    CONTROL_STOP,
    CONTROL_KILL,
    CONTROL_LEASE, /* "lease MS": the lease ends so much later; 0: it has no end */
    CONTROL_RUN,   /* "run", with a descriptor: the spec of the run a box is for */
};

struct control_order {
    enum control_word word;
    uint32_t lease_ms; /* of LEASE */
    int spec_fd;       /* of RUN: the receiver's, to close; else -1 */
};

/* Bind CONTROL_SOCKET in the working directory; non-blocking. */
int control_open(int *ret_fd, struct err *e) MUST_USE;

struct control_order control_receive(int fd);

/* Send a word to the shim of `run_dir`, from anywhere. ERR_UNAVAILABLE or ERR_NOT_FOUND: it is
 * gone. */
int control_send(const char *run_dir, const char *word, struct err *e) MUST_USE;

/* Send "run" and a copy of the descriptor. Errors as control_send(). */
int control_send_run(const char *run_dir, int spec_fd, struct err *e) MUST_USE;

#endif
