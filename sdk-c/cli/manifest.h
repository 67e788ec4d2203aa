/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that describe runners: YAML or JSON, one runner or many.
 *
 *   name: backup
 *   image: registry.example.com/tools:3
 *   command: pg_dump app
 *   timeout_seconds: 600
 *   env:
 *     STAGE: production
 *     PGPASSWORD: {secret: true, from: PGPASSWORD}
 *
 * Many: YAML documents, a list, or a list under `runners`. Fields are those of the API; `image` is
 * short for image_name and image_tag (or image_digest), `command` for run_command.
 */
#ifndef ERRAND_CLI_MANIFEST_H
#define ERRAND_CLI_MANIFEST_H

#include <jansson.h>

struct manifest_env {
    const char *key;
    const char *value;
    int is_secret;
};

/* Read a file, or standard input for "-". *ret_runners is an array of objects with a `name`, in
 * fields of the API but for `env`; json_decref. 0, or EXIT_OURS after complaining. */
int manifest_read(const char *path, json_t **ret_runners);

/* One variable of a runner's `env`. 0, or EXIT_OURS after complaining. Borrowed. */
int manifest_env_read(const char *runner, const char *key, json_t *value,
                      struct manifest_env *ret_env);

#endif
