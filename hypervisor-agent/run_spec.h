/* SPDX-License-Identifier: Apache-2.0
 *
 * What the agent hands to one shim: everything needed to run one attempt, as one JSON object on
 * the shim's standard input.
 *
 * Start: fork; in the child stdin = the read end of a pipe (or a memfd), stderr = the agent's log;
 * exec `errand-shim <run dir>`. The shim calls setsid() itself, makes its own mount namespace
 * (there it also makes the hybrid cgroup layout acceptable to crun: the agent does nothing about
 * that) and outlives the agent. It stays the agent's child: reap it, or ignore SIGCHLD.
 *
 * Run dir: absolute, exists, mode 0700, named <...>/runs/<run>/<attempt>. Files in it:
 *
 * - lock: flock(LOCK_EX) held while the shim lives; the test for adoption.
 * - status.json: run_status.h, replaced atomically.
 * - spool.<id>: shim/spool_segment.h; the log, in files of which the agent removes what is stored.
 * - control.sock: AF_UNIX SOCK_DGRAM, one word a datagram: "stop" (stop signal, grace, KILL) or
 *   "kill" (KILL now); either ends the run as canceled. The path may be longer than sun_path: go
 *   through /proc/self/fd/<fd of the run dir>/control.sock.
 * - exit.json: exit_record.h; appears, complete, as the last thing a shim does.
 *
 * Wake: datagrams to `wake_socket`, "<event> <run>/<attempt>", event = started, log or exited. They
 * only wake: the files are the truth. "log" comes at most every RUN_WAKE_INTERVAL_MS. Nobody
 * listening is no error.
 *
 * A box is a sandbox that waits for its run: attempt 0, `run` is the box's own id, the directory is
 * wherever the agent keeps boxes, and nothing in the spec is of any run. The shim makes all but the
 * command, wakes with "ready <box>/0" and waits, at most wait_seconds. The agent then moves the
 * directory to the run's place and sends "run" with a descriptor of the run's whole spec to the
 * control socket; from there on it is the run's dir and shim. A box takes one run and no second;
 * one that never got any leaves no exit.json.
 *
 * Death: a shim that is gone (lock free) and left no exit.json: run `errand-shim --reap <run dir>`;
 * it kills and removes what is left and writes exit.json (reason internal).
 */
#ifndef ERRAND_HYPERVISOR_AGENT_RUN_SPEC_H
#define ERRAND_HYPERVISOR_AGENT_RUN_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "driver_kind.h"

/* Ceiling of the JSON text: argv, env and layers together. */
#define RUN_SPEC_MAX_BYTES ((size_t)16 << 20)

#define RUN_WAKE_INTERVAL_MS 5

#define RUN_SPEC_BOX 0

/* What a container, its group and its addresses are named after: "<run>-<attempt>". */
#define RUN_BOX_NAME_BYTES (ID_TEXT_BYTES + 11)

enum run_network {
    RUN_NETWORK_NONE,   /* own network namespace, loopback only */
    RUN_NETWORK_BRIDGE, /* own network namespace, connected to the machine's bridge */
};

/* How much of the kernel the container may use; docs/isolation.md says what each is made of. */
enum run_sandbox {
    RUN_SANDBOX_DEFAULT,
    RUN_SANDBOX_UNTRUSTED,
    RUN_SANDBOX_TRUSTED,
    RUN_SANDBOX_COUNT,
};

/* A list of owned strings, ready for exec: items[n] is NULL once something was added. */
struct text_list {
    char **items; /* owned; NULL while empty */
    size_t n;
};

struct run_spec {
    struct id run;
    uint32_t attempt; /* 1..; RUN_SPEC_BOX = a box, and `run` is its id */

    /* The process; the agent has already applied the image's configuration and the overrides. */
    struct text_list argv; /* at least one; none for a box */
    struct text_list env; /* "KEY=VALUE", each key once; PATH, HOME, HOSTNAME are added if absent */
    struct text_list secret_keys; /* of `env`: their values are masked in the log */
    char *cwd;                    /* owned; absolute; made if missing; NULL = "/" */
    char *user;                   /* owned; "uid", "uid:gid", "name" or "name:group"; NULL = root */
    char *hostname;               /* owned; NULL = the first 12 characters of the run id */

    enum driver_kind driver;

    /* What only some drivers need and otherwise may be absent: */
    struct text_list layers; /* oci: unpacked layer directories, absolute, lowest first; 1.. */
    char *runtime;           /* oci: owned; absolute path of crun or runc (its name tells which) */
    char *init;              /* oci, process: owned; absolute path of errand-init */
    char *image;             /* docker: owned; as the engine knows it, best by its id */
    char *engine_socket;     /* docker: owned; absolute path of the engine's Unix socket */

    char *seccomp_bpf; /* owned; file made by seccomp_compile() for the sandbox, used with crun;
                        * NULL = the profile goes into config.json and the runtime compiles it
                        * each time */
    char *cgroup;      /* owned; absolute in each hierarchy: "/errand/<run>-<attempt>"; docker:
                        * NULL = the engine places the container, and there are no statistics */
    char *wake_socket; /* owned; the agent's datagram socket; NULL = wake nobody */

    uint32_t timeout_seconds;       /* of the process, from its start; 1.. */
    uint32_t stop_grace_seconds;    /* between stop_signal and KILL; 0 = KILL at once */
    uint32_t start_timeout_seconds; /* for the runtime to create the container; 0 = 60 */
    uint32_t wait_seconds;          /* of a box: for its run; 1.. */
    int stop_signal;                /* 1..64 */
    uint32_t lease_ms;              /* ends by itself then, unless told otherwise; 0 = never */

    uint64_t memory_bytes;      /* 0 = no limit; swap is off where the kernel can account for it */
    uint32_t cpu_milli;         /* 1000 = one core; 0 = no limit */
    uint32_t pids_limit;        /* 0 = no limit */
    uint64_t shm_size_bytes;    /* 0 = 64 MiB */
    uint64_t disk_bytes;        /* of the writable layer; 0 = no limit */
    uint64_t log_limit_bytes;   /* of payload; 0 = no limit */
    uint64_t log_rate_bytes;    /* of output a second, more waits; 0 = no limit */
    uint64_t spool_limit_bytes; /* of log on disk that is not stored yet; 0 = shim/spool.h's */
    bool read_only;             /* root file system */
    enum run_sandbox sandbox;
    enum run_network network;

    /* With RUN_NETWORK_BRIDGE; NULL = this machine has no such network, and the run fails to start
     */
    char *bridge; /* owned; name of the bridge device */
    char *subnet; /* owned; "10.213.0.0/16" (subnet.h) */
};

/* "default", "untrusted", "trusted". ERR_INVALID: none of them. */
const char *run_sandbox_name(enum run_sandbox sandbox);
int run_sandbox_parse(const char *name, enum run_sandbox *ret_sandbox, struct err *e) MUST_USE;

/* Append a copy of `text`. ERR_UNAVAILABLE when out of memory. */
int text_list_add(struct text_list *list, const char *text, struct err *e) MUST_USE;

/* Frees, after wiping: lists may hold secrets. */
void text_list_done(struct text_list *list);

/* "<run>-<attempt>" */
void run_box_name(struct id run, uint32_t attempt, char name[RUN_BOX_NAME_BYTES]);

/* Whether a run with spec `run` may have the box made with spec `box`: all that makes a sandbox
 * what it is, is the same. */
bool run_spec_fits(const struct run_spec *run, const struct run_spec *box);

/* Make the box's spec the run's: who it is, the process, the times and the log come from `run`,
 * which gives them away; the sandbox is as it was made. */
void run_spec_give(struct run_spec *box, struct run_spec *run);

/* All zero, and the defaults: timeout 3600 s, grace 10 s, SIGTERM, network bridge. */
void run_spec_init(struct run_spec *spec);

/* Wipes argv and env, frees everything; the spec is as after run_spec_init(). */
void run_spec_done(struct run_spec *spec);

/* Append the JSON text. The buffer then holds secrets: wipe it (explicit_bzero) after use. */
int run_spec_encode(const struct run_spec *spec, struct buf *out, struct err *e) MUST_USE;

/* Read the JSON text into `ret_spec`, which was initialised; on failure it is empty again.
 * ERR_INVALID names the field, never a value. */
int run_spec_decode(const char *json, size_t n, struct run_spec *ret_spec, struct err *e) MUST_USE;

#endif
