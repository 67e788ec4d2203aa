/* SPDX-License-Identifier: Apache-2.0
 *
 * What a runner would have to change to be as a manifest says.
 */
#ifndef ERRAND_CLI_RUNNER_DIFF_H
#define ERRAND_CLI_RUNNER_DIFF_H

#include <jansson.h>

/* Fields of `wanted` (the API's, without env) that `there`, a runner as the server answers it, has
 * otherwise: an object, {"field": {"from": ..., "to": ...}}. Fields that `wanted` does not name are
 * left alone. json_decref; NULL when out of memory. */
json_t *runner_diff(const json_t *there, json_t *wanted);

/* The body that makes the change. */
json_t *runner_diff_body(json_t *diff);

#endif
