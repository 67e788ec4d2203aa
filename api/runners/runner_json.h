/* SPDX-License-Identifier: Apache-2.0
 *
 * Runners in answers.
 */
#ifndef ERRAND_API_RUNNER_JSON_H
#define ERRAND_API_RUNNER_JSON_H

#include <jansson.h>

#include "model/runner.h"

json_t *runner_json(const struct runner *runner);

/* {"runner": ...} */
json_t *runner_answer(const struct runner *runner);

#endif
