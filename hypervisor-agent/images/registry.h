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

struct registry_credentials {
    const char *username; /* NULL: anonymous */
    const char *password;
};

struct registry;

/* `insecure_hosts` is a comma list of host:port that speak plain http, as loopback hosts do without
 * being named; may be NULL. Everything is borrowed for the life of the registry. */
struct registry *registry_new(const struct image_reference *ref, const char *insecure_hosts,
                              const struct registry_credentials *credentials,
                              const atomic_bool *cancel);
void registry_free(struct registry *registry);
void registry_freep(struct registry **registry);

/* Append the manifest or index `version` (tag or digest) to `body`. Not verified here.
 *
 * Errors:  ERR_NOT_FOUND        no such image
 *          ERR_UNAUTHENTICATED, ERR_DENIED  credentials missing or refused
 *          ERR_UNAVAILABLE      worth another try
 *          ERR_INVALID, ERR_LIMIT  the registry answers nonsense
 */
int registry_get_manifest(struct registry *registry, const char *version, struct buf *body,
                          struct err *e) MUST_USE;

/* Stream the blob `digest` into `sink`. Not verified here. Errors as above. */
int registry_get_blob(struct registry *registry, const char *digest, http_sink_fn *sink,
                      void *sink_ctx, struct err *e) MUST_USE;

/* True when `host` ("localhost:5000", "127.0.0.1", "[::1]:80") is this machine. */
bool registry_host_is_loopback(const char *host);

#endif
