/* SPDX-License-Identifier: Apache-2.0
 *
 * Container registries in answers: never with their credentials.
 */
#ifndef ERRAND_API_CONTAINER_REGISTRY_JSON_H
#define ERRAND_API_CONTAINER_REGISTRY_JSON_H

#include <jansson.h>

#include "model/container_registry.h"

/* null when there is none. */
json_t *container_registry_json(const struct container_registry *registry);

#endif
