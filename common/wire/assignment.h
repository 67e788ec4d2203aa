/* SPDX-License-Identifier: Apache-2.0
 *
 * What the API hands a hypervisor to run: one attempt of one run.
 *
 * To encode one, fill the fields with texts that outlive the call. One that was parsed keeps its
 * texts alive by `doc` and is released with assignment_done().
 */
#ifndef ERRAND_WIRE_ASSIGNMENT_H
#define ERRAND_WIRE_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

struct json_t;

struct assignment {
    struct id run_id;
    uint32_t attempt; /* 1.. */
    struct id runner_id;
    struct id project_id;

    const char *image;        /* "host/name:tag" */
    const char *image_digest; /* "sha256:...", or NULL */

    /* Made like env_sealed, of {"username","password","ca_pem","insecure"}; NULL: no registry. */
    const char *registry_sealed;

    const char *const *argv; /* `argc` texts, or NULL when not given */
    size_t argc;
    const char *command;           /* shell text, or NULL; excludes argv */
    const char *entrypoint;        /* path of a program, or NULL */
    const char *env_sealed;        /* base64 of crypto_box_seal of a JSON object of texts */
    const char *const *env_public; /* `env_public_n` of its names, whose values are no secret */
    size_t env_public_n;

    uint32_t timeout_seconds;
    uint32_t stop_grace_seconds;
    const char *stop_signal; /* "SIGTERM" */
    const char *pull_policy; /* "missing", "always" or "never" */
    uint32_t pull_timeout_seconds;

    uint32_t memory_mb;
    uint32_t cpu_milli;
    uint32_t pids_limit;  /* 0: the agent's default */
    uint32_t shm_size_mb; /* 0: the agent's default */
    bool read_only;
    const char *user;    /* "uid[:gid]", or NULL for the image's */
    const char *network; /* "bridge" or "none" */
    const char *sandbox; /* "default", "untrusted" or "trusted" */
    int64_t log_limit_bytes;
    uint32_t start_lease_seconds; /* see docs/scheduling.md, "Leases"; 0: none */
    uint32_t run_lease_seconds;   /* the same from its start on */

    struct json_t *doc; /* owned; NULL unless parsed */
};

/* Append the members of `a` to an open JSON object. */
void assignment_put(struct buf *b, const struct assignment *a);

/* Read an assignment from the parsed object `doc`, of which it keeps a reference. */
int assignment_parse(struct json_t *doc, struct assignment *ret_a, struct err *e) MUST_USE;

void assignment_done(struct assignment *a);

#endif
