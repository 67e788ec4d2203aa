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
};

/* Bind CONTROL_SOCKET in the working directory; non-blocking. */
int control_open(int *ret_fd, struct err *e) MUST_USE;

/* `ret_lease_ms` is set for CONTROL_LEASE. */
enum control_word control_receive(int fd, uint32_t *ret_lease_ms);

/* Send a word to the shim of `run_dir`, from anywhere. ERR_UNAVAILABLE or ERR_NOT_FOUND: it is
 * gone. */
int control_send(const char *run_dir, const char *word, struct err *e) MUST_USE;

#endif
