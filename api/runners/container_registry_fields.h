/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be written of a container registry.
 *
 * A stored password goes only to the host it was given for: who changes the host or how it is
 * spoken to gives the credentials again, or takes them away.
 */
#ifndef ERRAND_API_CONTAINER_REGISTRY_FIELDS_H
#define ERRAND_API_CONTAINER_REGISTRY_FIELDS_H

#include <jansson.h>

#include "model/container_registry.h"

#include "http/fields.h"

/* A registry on its way in. */
struct container_registry_input {
    struct container_registry registry;
    const char *password; /* in the clear; NULL: not given */
};

/* Read a body over `input`: zero, or what is stored when `f` is partial. Texts live as long as `f`
 * and `body`. Without username afterwards it has no credentials. */
void container_registry_fields_read(struct fields *f, json_t *body,
                                    struct container_registry_input *input);

#endif
