/* SPDX-License-Identifier: Apache-2.0
 *
 * Client of one repository in one registry (Docker Registry HTTP API v2, OCI distribution). Blocks:
 * for one worker thread at a time.
 */
#ifndef ERRAND_IMAGES_REGISTRY_H
#define ERRAND_IMAGES_REGISTRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "images/http_fetch.h"
#include "images/reference.h"
#include "images/registry_login.h"

/* What the operator of this hypervisor says about all registries. Borrowed texts. */
struct registry_rules {
    const char *insecure_hosts; /* comma list of host:port that speak plain http, or NULL */
    const char *ca_pem;         /* certificates trusted beside the system's, or NULL */
};

struct registry;

/* Loopback hosts may speak plain http without being named; one that wants TLS gets it. `login` may
 * be NULL. Everything is borrowed for the life of the registry. NULL when out of memory. */
struct registry *registry_new(const struct image_reference *ref, const struct registry_rules *rules,
                              const struct registry_login *login, const atomic_bool *cancel);

/* Another connection to the same, with what the first was granted: for another thread. Lives no
 * longer than what the first borrows. */
struct registry *registry_clone(const struct registry *registry);
void registry_free(struct registry *registry);
void registry_freep(struct registry **registry);

/* True once credentials were sent: what came since may not be for everybody. */
bool registry_is_private(const struct registry *registry);

/* Append the manifest or index `version` (tag or digest) to `body`. Not verified here.
 *
 * Errors:  ERR_NOT_FOUND        no such image
 *          ERR_UNAUTHENTICATED, ERR_DENIED  credentials missing or refused
 *          ERR_UNAVAILABLE      worth another try
 *          ERR_INVALID, ERR_LIMIT  the registry answers nonsense
 */
int registry_get_manifest(struct registry *registry, const char *version, struct buf *body,
                          struct err *e) MUST_USE;

/* Stream the blob `digest` from byte `offset` on into `sink`. Not verified here. Errors as above,
 * and what the sink returned. */
int registry_get_blob(struct registry *registry, const char *digest, int64_t offset,
                      http_sink_fn *sink, void *sink_ctx, struct err *e) MUST_USE;

/* True when `host` ("localhost:5000", "127.0.0.1", "[::1]:80") is this machine. */
bool registry_host_is_loopback(const char *host);

#endif
