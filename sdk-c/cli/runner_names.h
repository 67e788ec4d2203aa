/* SPDX-License-Identifier: Apache-2.0
 *
 * What runners are called, for tables of runs.
 */
#ifndef ERRAND_CLI_RUNNER_NAMES_H
#define ERRAND_CLI_RUNNER_NAMES_H

#include <errand/client.h>

#include <jansson.h>

/* {"id": "name", ...} of all runners, as far as they can be had; json_decref. */
json_t *runner_names_get(errand_client *client);

/* The name, or "" for a runner that is gone. Borrowed. */
const char *runner_names_find(const json_t *names, const char *runner_id);

#endif
