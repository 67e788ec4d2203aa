/* SPDX-License-Identifier: Apache-2.0
 *
 * What a shim needs of whatever runs containers. One driver is used through this table for one
 * sandbox's whole life, on the shim's only thread; nothing blocks but prepare and destroy.
 *
 * The shim is the one supervisor: deadlines, stopping, lines, what the end means and when to give
 * up are its own, the same above every driver. A driver makes, starts, signals, watches, measures
 * and removes.
 *
 * The order is: prepare, start, then step whenever poll_fd is readable until it reports
 * SANDBOX_ENDED, stats, destroy, free. signal, kill and stats may come at any time between. A run
 * whose shim died is over, for its output would have a gap: reap adopts what is left of it, kills
 * it and removes it.
 */
#ifndef ERRAND_DRIVERS_DRIVER_H
#define ERRAND_DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "exit_record.h"
#include "run_spec.h"
#include "run_status.h"

struct sandbox; /* each driver has its own */

enum sandbox_state {
    SANDBOX_STARTING,
    SANDBOX_WAITING, /* made by create, complete but for its command */
    SANDBOX_RUNNING, /* the command was executed */
    SANDBOX_ENDED,   /* and all output is in the pipes */
};

struct sandbox_report {
    enum sandbox_state state;
    /* when ENDED */
    enum termination_reason reason;   /* EXITED, INVALID_COMMAND, START_FAILED or INTERNAL */
    int32_t exit_code;                /* -1 = none */
    char message[EXIT_MESSAGE_BYTES]; /* why; one line; "" when it ended by itself */
};

struct sandbox_use {
    uint64_t cpu_us;
    uint64_t memory_peak_bytes; /* 0 = unknown */
    uint64_t io_read_bytes;     /* of block devices, as is the next */
    uint64_t io_write_bytes;
    uint64_t oom_kills;
};

/* What a driver does of what a run may ask for; docs/drivers.md shows who can what, and the
 * contract tests prove it. */
#define DRIVER_ABILITIES(X)                                                                        \
    X(IMAGE, "root file system from the image")                                                    \
    X(MEMORY, "memory limit, no swap")                                                             \
    X(CPU, "processor limit")                                                                      \
    X(PIDS, "limit of processes")                                                                  \
    X(SHM, "size of /dev/shm")                                                                     \
    X(DISK, "ceiling of what is written to disk")                                                  \
    X(READ_ONLY, "read-only root")                                                                 \
    X(NETWORK_NONE, "network none")                                                                \
    X(NETWORK_BRIDGE, "network bridge")                                                            \
    X(CONFINED, "capabilities, seccomp, no new privileges")                                        \
    X(UNTRUSTED, "sandbox untrusted; refused otherwise")                                           \
    X(SECRETS, "environment readable inside only")                                                 \
    X(DIES_WITH_SHIM, "ends when its supervisor is killed")                                        \
    X(STATS, "processor time and peak memory")                                                     \
    X(WAIT, "sandboxes kept waiting")

enum driver_ability {
#define DRIVER_ABILITY_ENUM(name, text) DRIVER_CAN_##name,
    DRIVER_ABILITIES(DRIVER_ABILITY_ENUM)
#undef DRIVER_ABILITY_ENUM
        DRIVER_ABILITY_COUNT,
};

#define DRIVER_CAN(name) (1U << DRIVER_CAN_##name)

struct driver {
    const char *name;
    uint32_t abilities; /* DRIVER_CAN(...) of each */

    /* Make what does not run yet: mounts, configuration, in the run dir, which is the working
     * directory. `spec` is borrowed until free. */
    int (*prepare)(const struct run_spec *spec, struct sandbox **ret_sandbox, struct err *e);

    /* Make the sandbox without its command; start then only gives it that. Until then nothing of a
     * run's is in it, and the spec may still become another's (run_spec_give). Not needed before
     * start; NULL: DRIVER_CAN(WAIT) is missing. */
    int (*create)(struct sandbox *sandbox, struct err *e);

    /* Set it going. The container's streams become the write ends `out_fd` and `err_fd`, or copies
     * of them are written to, no faster than they are read. They stay the caller's: close them once
     * SANDBOX_RUNNING or ENDED is reported. */
    int (*start)(struct sandbox *sandbox, int out_fd, int err_fd, struct err *e);

    int (*poll_fd)(const struct sandbox *sandbox);

    /* Take in what has happened and say where things stand. */
    void (*step)(struct sandbox *sandbox, struct sandbox_report *ret_report);

    /* To the command; lost when it does not run. */
    void (*signal)(struct sandbox *sandbox, int signo);

    /* KILL everything inside, and the start if it is still going on. Once is enough unless
     * something forks wildly: repeat until ENDED. */
    void (*kill)(struct sandbox *sandbox);

    /* After start, before destroy. Never blocks; what cannot be told is 0. */
    void (*stats)(const struct sandbox *sandbox, struct sandbox_use *ret_use);

    /* Remove all traces outside memory. ERR_CONFLICT: something inside still dies; again later. */
    int (*destroy)(struct sandbox *sandbox, struct err *e);

    /* Memory and descriptors. NULL is allowed. */
    void (*free)(struct sandbox *sandbox);

    /* Kill and remove what a dead shim left behind, in the run dir, which is the working directory.
     * Errors as destroy. */
    int (*reap)(const struct run_status *status, struct err *e);
};

/* The words of DRIVER_ABILITIES. */
extern const char *const driver_ability_texts[DRIVER_ABILITY_COUNT];

/* Never NULL. */
const struct driver *driver_of(enum driver_kind kind);

#endif
