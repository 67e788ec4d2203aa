/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be written of an environment variable, of a runner and of one run.
 */
#ifndef ERRAND_API_ENV_FIELDS_H
#define ERRAND_API_ENV_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

#include "http/fields.h"

struct env_input {
    const char *env_key;
    const char *env_val; /* NULL: not given */
    bool secret;
};

/* Read a body over `input`. */
void env_fields_read(struct fields *f, json_t *body, struct env_input *input);

/* Read the list "env_variables" of a trigger, in which no key comes twice. `ret_inputs` has
 * LIMIT_ENV_VARIABLES entries. Returns how many there are. */
size_t env_fields_read_list(struct fields *f, json_t *list, struct env_input *ret_inputs);

#endif
