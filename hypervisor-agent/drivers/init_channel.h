/* SPDX-License-Identifier: Apache-2.0
 *
 * The driver's end of the talk with errand-init (init/init_protocol.h). What comes back is bytes
 * from a stranger's container: anything unexpected is as if the channel had ended.
 */
#ifndef ERRAND_DRIVERS_INIT_CHANNEL_H
#define ERRAND_DRIVERS_INIT_CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "run_spec.h"

/* A pair of descriptors, both close-on-exec: ours, non-blocking, and init's. */
int init_channel_open(int *ret_ours, int *ret_theirs, struct err *e) MUST_USE;

/* Send the spec's command, environment, directory and user, in a memfd. Never blocks. */
int init_channel_send_order(int channel_fd, const struct run_spec *spec, int out_fd, int err_fd,
                            struct err *e) MUST_USE;

/* The driver is init's parent now. Failure shows as the end of the channel. */
void init_channel_send_adopted(int channel_fd);

enum init_event_kind {
    INIT_EVENT_NONE,  /* nothing to read now */
    INIT_EVENT_READY, /* pid is set */
    INIT_EVENT_STARTED,
    INIT_EVENT_FAILED, /* exit_code and text are set */
    INIT_EVENT_CLOSED,
};

struct init_event {
    enum init_event_kind kind;
    pid_t pid;         /* of init, as seen from here */
    uint8_t exit_code; /* 126 or 127 */
    char text[254];    /* printable ASCII or UTF-8 as it came, always ends in NUL */
};

struct init_event init_channel_receive(int channel_fd);

#endif
