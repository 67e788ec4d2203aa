/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be written of a runner, and within which limits.
 */
#ifndef ERRAND_API_RUNNER_FIELDS_H
#define ERRAND_API_RUNNER_FIELDS_H

#include <jansson.h>

#include "model/runner.h"
#include "store/catalog_store.h"

#include "http/fields.h"

/* A runner on its way in, and the region and instance type that were asked for. */
struct runner_input {
    struct runner runner;
    struct catalog_choice choice;
    json_t *retry; /* borrowed from the body; becomes runner.retry */
};

/* What a new runner is when nothing is said. */
extern const struct runner_input runner_fields_defaults;

/* Read a body over `input`: the defaults, or what is stored when `f` is partial. Texts live as long
 * as `f` and `body`. */
void runner_fields_read(struct fields *f, json_t *body, struct runner_input *input);

/* Take over what was found of `input->choice`; what was asked for and not found is a problem, as is
 * an image at another host than its container registry. */
void runner_fields_place(struct fields *f, json_t *body, struct runner_input *input,
                         const struct catalog_found *found);

#endif
