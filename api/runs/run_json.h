/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs in answers.
 */
#ifndef ERRAND_API_RUN_JSON_H
#define ERRAND_API_RUN_JSON_H

#include <jansson.h>

#include "model/run.h"

json_t *run_json(const struct run *run);

/* {"run": ...} */
json_t *run_answer(const struct run *run);

#endif
