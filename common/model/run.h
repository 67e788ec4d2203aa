/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as the public API shows it, and what triggers one. Texts are borrowed from where they were
 * read. Unknown times are 0, other unknown numbers RUN_UNKNOWN.
 */
#ifndef ERRAND_MODEL_RUN_H
#define ERRAND_MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "model/catalog.h"
#include "model/run_state.h"

#define RUN_UNKNOWN (-1)

struct run {
    struct id id;
    struct id runner;
    int64_t runner_version; /* when it was triggered */
    enum run_state state;
    int64_t attempt; /* how often it was given to a hypervisor */
    bool stop_requested;
    int64_t priority;
    struct region region;
    struct instance_type instance_type;
    struct id hypervisor; /* nil until assigned */
    const char *hypervisor_name;
    int64_t price_second_nano; /* when it was triggered */
    const char *image;         /* "host/name:tag" */
    const char *image_digest;  /* pinned, or what was pulled; or NULL */
    const char *command;
    const char *argv; /* JSON array of texts */
    const char *entrypoint;
    int64_t timeout_seconds;
    const char *labels;   /* JSON object of texts */
    const char *env_keys; /* JSON array of texts, sorted */
    const char *trigger_kind;
    const char *trigger_by;
    const char *trigger_ref;
    const char *pending_reason;
    const char *pending_message;
    int64_t retries;   /* how often it was tried again */
    const char *retry; /* JSON object, as of its runner; or NULL */
    const char *termination_reason;
    const char *termination_message;
    int64_t exit_code;
    bool oom_killed;
    int64_t pull_ms;
    int64_t start_ms;
    int64_t cpu_ms;
    int64_t memory_peak_bytes;
    int64_t io_read_bytes; /* of block devices */
    int64_t io_write_bytes;
    int64_t log_lines; /* stored so far */
    int64_t log_bytes;
    bool log_truncated;
    int64_t created_at_us;
    int64_t updated_at_us;
    int64_t assigned_at_us;
    int64_t started_at_us;
    int64_t completed_at_us;
};

/* From the trigger to the assignment. */
int64_t run_queued_ms(const struct run *run);

/* From the container's start to its end. */
int64_t run_duration_ms(const struct run *run);

/* What it cost, in 1e-9 currency units: the price of a second, at trigger time, for every second of
 * run_duration_ms() that was begun. 0 until it ends, and when it never started. */
int64_t run_cost_nano(const struct run *run);

struct run_env {
    const char *env_key;
    const void *value; /* encrypted for the run (auth/env_cipher.h) */
    size_t value_n;
};

#define RUN_KEY_HASH_BYTES 32

/* A trigger: what differs from the runner. */
struct run_request {
    struct id id; /* of the new run */
    struct id project;
    struct id runner;
    int64_t replaces_command; /* not 0: `command` and `argv` are instead of both of the runner's */
    const char *command;
    const char *argv;          /* JSON array of texts, or NULL */
    const char *entrypoint;    /* NULL: the runner's */
    int64_t timeout_seconds;   /* 0: the runner's */
    const char *instance_type; /* slug; NULL: the runner's */
    int64_t priority;          /* RUN_UNKNOWN: the runner's */
    const char *labels;        /* JSON object, added to the runner's; or NULL */
    const char *trigger_kind;
    const char *trigger_by;
    const struct run_env *env; /* wins over the runner's */
    size_t env_n;
    const char *key; /* that makes it once however often it is asked; NULL: none */
    unsigned char key_hash[RUN_KEY_HASH_BYTES]; /* of what was asked with it */
};

#endif
