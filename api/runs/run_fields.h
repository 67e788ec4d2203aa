/* SPDX-License-Identifier: Apache-2.0
 *
 * What a trigger may say.
 */
#ifndef ERRAND_API_RUN_FIELDS_H
#define ERRAND_API_RUN_FIELDS_H

#include <jansson.h>

#include "model/limits.h"
#include "model/run.h"

#include "http/fields.h"
#include "runners/env_fields.h"

/* A trigger on its way in; its env values are not encrypted yet. */
struct run_input {
    struct run_request request; /* without ids, `env` and who triggers */
    struct env_input env[LIMIT_ENV_VARIABLES];
    size_t env_n;
};

/* Texts live as long as `f` and `body`. */
void run_fields_read(struct fields *f, json_t *body, struct run_input *ret_input);

#endif
