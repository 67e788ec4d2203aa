/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner: what to run and with which limits. Texts are borrowed from where they were read: a row
 * or a request.
 */
#ifndef ERRAND_MODEL_RUNNER_H
#define ERRAND_MODEL_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "model/catalog.h"
#include "model/container_registry.h"

struct runner {
    struct id id;
    struct id project;
    const char *status; /* "available" or "archived" */
    const char *name;
    const char *image_name;
    const char *image_tag;
    const char *image_digest; /* "sha256:...", or NULL */
    const char *run_command;  /* shell text, or NULL; excludes a non-empty argv */
    const char *argv;         /* JSON array of texts */
    const char *entrypoint;   /* or NULL */
    int64_t timeout_seconds;
    int64_t stop_grace_seconds;
    const char *stop_signal; /* "SIGTERM" */
    const char *pull_policy; /* "missing", "always" or "never" */
    int64_t pull_timeout_seconds;
    int64_t priority;                /* larger goes first */
    int64_t max_concurrency;         /* open runs at once; 0: any number */
    const char *on_overlap;          /* "queue", "skip" or "replace" */
    const char *retry;               /* JSON object, complete; or NULL: never */
    int64_t pending_timeout_seconds; /* 0: waits for ever */
    const char *hypervisor_labels;   /* JSON object of texts that a hypervisor must have */
    int64_t pids_limit;
    int64_t shm_size_mb;
    const char *network; /* "bridge" or "none" */
    const char *sandbox; /* "default", "untrusted" or "trusted" */
    bool read_only;
    const char *user; /* "uid[:gid]", or NULL for the image's */
    int64_t log_limit_bytes;
    const char *log_storage; /* "stored" or "transient" */
    const char *labels;      /* JSON object of texts */
    struct region region;
    struct instance_type instance_type;
    struct container_registry container_registry; /* its id is nil when there is none */
    int64_t version;                              /* counts edits, from 1 */
    int64_t warmed_at_us;                         /* 0: never */
    int64_t created_at_us;
    int64_t updated_at_us;
};

#endif
