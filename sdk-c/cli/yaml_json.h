/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML as JSON values.
 */
#ifndef ERRAND_CLI_YAML_JSON_H
#define ERRAND_CLI_YAML_JSON_H

#include <jansson.h>
#include <stddef.h>

/* All documents of a text as an array; json_decref. What YAML 1.2's core schema takes for null, a
 * boolean or a number is one, all else text; below a key `env` of a runner all is text, so that a
 * variable's value is what is written there. 0, or EXIT_OURS after complaining; `path` is for the
 * complaint. */
int yaml_json_parse(const char *path, const char *text, size_t n, json_t **ret_documents);

#endif
