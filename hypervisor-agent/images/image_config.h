/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image says about the process to run in it.
 * Source: OCI image-spec, config.md; Docker writes the same members.
 */
#ifndef ERRAND_IMAGES_IMAGE_CONFIG_H
#define ERRAND_IMAGES_IMAGE_CONFIG_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "images/platform.h"
#include "run_spec.h"

#define IMAGE_CONFIG_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* Of each list: a plan compares every variable with every other. */
#define IMAGE_CONFIG_TEXTS_MAX 4096

struct json_t;

struct image_config {
    struct text_list entrypoint;
    struct text_list cmd;
    struct text_list env; /* "KEY=VALUE" */
    char *cwd;            /* owned; NULL when not given, as is the user */
    char *user;           /* owned */
};

/* Parse an image's configuration blob.
 * Errors:  ERR_INVALID    malformed, or it has not one diff_id for each of the manifest's
 *                         `layers_n` layers
 *          ERR_NOT_FOUND  the image is for another machine than `machine` */
int image_config_parse(const char *text, size_t n, size_t layers_n, const struct platform *machine,
                       struct image_config *ret_config, struct err *e) MUST_USE;

/* The same members as `image_config_parse` finds below "config", for our own records. */
void image_config_put(struct buf *b, const struct image_config *config);
int image_config_get(const struct json_t *object, struct image_config *ret_config,
                     struct err *e) MUST_USE;

void image_config_done(struct image_config *config);

#endif
