/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said between a driver and errand-init, over an AF_UNIX SOCK_SEQPACKET pair whose far end
 * PID 1 of the container inherits as descriptor INIT_CHANNEL_FD.
 *
 *   init -> driver   READY     init runs; its credentials come along (SO_PASSCRED)
 *   driver -> init   ORDER     with three descriptors: the order (a memfd), stdout, stderr
 *   init -> driver   STARTED   the command was executed
 *                or  FAILED    it was not: exit code and a sentence; init then exits with the code
 *   driver -> init   ADOPTED   the runtime's processes are gone and the driver is init's parent:
 * init asks the kernel to be killed when its parent dies. Comes before the order where the
 * container waits for its run
 *
 * End of file on the channel means the driver is dead: init exits, and all processes of the
 * container with it. What init says is strangers' word, for the container's root could trace it.
 *
 * The order keeps command, environment and their secrets off the disk: a struct init_order, then
 * NUL-terminated texts: cwd, user, argc arguments, envc times "KEY=VALUE".
 */
#ifndef ERRAND_INIT_PROTOCOL_H
#define ERRAND_INIT_PROTOCOL_H

#include <stdint.h>

#define INIT_CHANNEL_FD 3
#define INIT_PATH "/dev/.errand-init"

/* Docker's default */
#define INIT_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum init_message_kind {
    INIT_READY = 'R',
    INIT_ORDER = 'O',
    INIT_STARTED = 'S',
    INIT_FAILED = 'F',
    INIT_ADOPTED = 'A',
};

#define INIT_EXIT_NOT_EXECUTABLE 126
#define INIT_EXIT_NOT_FOUND 127

struct init_message {
    uint8_t kind;
    uint8_t exit_code; /* of FAILED */
    char text[254];    /* of FAILED; ends in NUL */
};

enum init_order_fd {
    INIT_ORDER_FD_ORDER,
    INIT_ORDER_FD_STDOUT,
    INIT_ORDER_FD_STDERR,
    INIT_ORDER_FDS,
};

struct init_order {
    uint32_t argc;       /* 1.. */
    uint32_t envc;       /* 0.. */
    uint32_t drop;       /* 1 = the command has no capabilities, and never gets any */
    uint32_t text_bytes; /* of all that follows */
};

#endif
