/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a project's images come from, and with which credentials; the password is encrypted
 * (auth/env_cipher.h). Texts and bytes are borrowed from where they were read.
 */
#ifndef ERRAND_MODEL_CONTAINER_REGISTRY_H
#define ERRAND_MODEL_CONTAINER_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

/* What the password is encrypted as, in place of an env key; no env key has a blank. */
#define CONTAINER_REGISTRY_PASSWORD "registry password"

struct container_registry {
    struct id id; /* nil: none */
    struct id project;
    const char *status;        /* "available" */
    const char *registry_type; /* "docker_hub", "ghcr" or "custom" */
    const char *name;
    const char *hostname;          /* host[:port], as image names have it */
    const char *username;          /* NULL: no credentials */
    const unsigned char *password; /* blob; NULL when there is no username */
    size_t password_n;
    const char *ca_pem; /* trusted beside the system's certificates, or NULL */
    bool insecure;      /* it speaks plain http */
    struct id region;
    int64_t created_at_us;
    int64_t updated_at_us;
};

#endif
