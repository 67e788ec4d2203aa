/* SPDX-License-Identifier: Apache-2.0
 *
 * What the docker driver asks of an engine: the container of one attempt, as the body of "create".
 *
 * The isolation of sandbox "default": the engine's default capabilities and seccomp profile, no new
 * privileges, own namespaces, limits, an init that reaps; "trusted" adds what it adds under the oci
 * driver. Nothing the image asks for of its own
 * (entrypoint, health check, ports) is in force, for the agent has decided already.
 *
 * The environment is in the body, and whoever may talk to the engine can read it there for as long
 * as the container exists.
 * Source: Docker Engine API 1.40, "Create a container"
 */
#ifndef ERRAND_DRIVERS_DOCKER_REQUEST_H
#define ERRAND_DRIVERS_DOCKER_REQUEST_H

#include "base/buf.h"
#include "base/id.h"
#include "run_spec.h"

/* "errand-", run id, hyphen, attempt, NUL */
#define DOCKER_NAME_BYTES (ID_TEXT_BYTES + 18)

/* Labels of a container. The directory tells whose it is when several agents share an engine. */
#define DOCKER_LABEL_RUN "errand.run"
#define DOCKER_LABEL_ATTEMPT "errand.attempt"
#define DOCKER_LABEL_RUN_DIR "errand.run_dir"

/* The container's name. */
void docker_name(struct id run, uint32_t attempt, char *name);

/* Append the body. It holds secrets: wipe it after use. */
void docker_request_put(struct buf *b, const struct run_spec *spec, const char *run_dir);

#endif
