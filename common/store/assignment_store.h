/* SPDX-License-Identifier: Apache-2.0
 *
 * The runs a hypervisor has, and all it must know to run those it has just been given.
 */
#ifndef ERRAND_STORE_ASSIGNMENT_STORE_H
#define ERRAND_STORE_ASSIGNMENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "model/container_registry.h"
#include "store/db.h"

#define ASSIGNMENT_STORE_KEY_BYTES 32

/* Runs assigned to or running on a hypervisor, by id. */
extern const struct statement assignment_store_live;
void assignment_store_live_params(struct params *p, struct id hypervisor);

struct live_run {
    struct id run;
    uint32_t attempt;
    bool is_assigned; /* not started yet: assignment_store_read_work() has the rest */
    bool stop_requested;
};

void assignment_store_read_live(const struct rows *rows, int row, struct live_run *ret_run);

/* Texts and bytes are borrowed from the rows. */
struct run_work {
    struct id runner;
    struct id project;
    const char *image;
    const char *image_digest; /* NULL: not pinned */
    char **argv;              /* owned, free() it; NULL when empty */
    size_t argc;
    const char *command;    /* NULL: none */
    const char *entrypoint; /* NULL: the image's */
    int64_t timeout_seconds;
    int64_t stop_grace_seconds;
    const char *stop_signal;
    const char *pull_policy;
    int64_t pull_timeout_seconds;
    int64_t memory_mb;
    int64_t cpu_milli;
    int64_t pids_limit;
    int64_t shm_size_mb;
    bool read_only;
    const char *user; /* NULL: the image's */
    const char *network;
    const char *sandbox;
    int64_t log_limit_bytes;
    int64_t start_lease_seconds;        /* 0: none */
    int64_t run_lease_seconds;          /* 0: none */
    struct container_registry registry; /* what a login needs; its id is nil when there is none */
    const unsigned char *public_key;    /* of the hypervisor */
    const unsigned char *env;           /* packed: env_item_next() */
    size_t env_n;
    char **env_public; /* owned, free() it; NULL when empty: names whose values are no secret */
    size_t env_public_n;
};

/* Of a run that is assigned. */
void assignment_store_read_work(const struct rows *rows, int row, struct run_work *ret_work);

/* One encrypted variable. */
struct env_item {
    const char *key; /* `key_n` bytes, no NUL after them */
    size_t key_n;
    struct id owner; /* the run or the runner it was encrypted for */
    const unsigned char *value;
    size_t value_n;
};

/* Take the first variable off the packed ones; false when there are no more. */
bool env_item_next(const unsigned char **env, size_t *env_n, struct env_item *ret_item);

#endif
