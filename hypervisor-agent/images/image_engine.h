/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that a container engine keeps: found there, or pulled by it. Blocks; for a worker thread.
 *
 * The engine's own configuration says which registries it trusts and where they are mirrored. What
 * it keeps is its operator's to remove.
 */
#ifndef ERRAND_IMAGES_IMAGE_ENGINE_H
#define ERRAND_IMAGES_IMAGE_ENGINE_H

#include <stdbool.h>

#include "base/err.h"
#include "images/image_pull.h"

/* With pull->engine set.
 *
 * Out:     ret_image  with engine_id and without layers; image_free() it
 *          ret_is_new  it was pulled now
 * Errors:  as image_pull_run(); ERR_UNAVAILABLE also: the engine does not answer
 */
int image_engine_get(struct image_pull *pull, struct image **ret_image, bool *ret_is_new,
                     struct err *e) MUST_USE;

/* What the engine has of `ref`, from its answer to an inspection. */
int image_engine_parse(const char *json, size_t n, const struct image_reference *ref,
                       struct image **ret_image, struct err *e) MUST_USE;

/* Append the value of the header X-Registry-Auth. It is a secret. */
void image_engine_put_login(struct buf *b, const struct image_reference *ref,
                            const struct registry_login *login);

#endif
