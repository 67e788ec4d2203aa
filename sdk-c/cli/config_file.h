/* SPDX-License-Identifier: Apache-2.0
 *
 * ~/.config/errand/config.json (XDG_CONFIG_HOME is heeded), 0600: servers somebody logged in to.
 *
 *   {"current": "prod", "contexts": {"prod": {"url": "...", "token": "...", "project": "..."}}}
 */
#ifndef ERRAND_CLI_CONFIG_FILE_H
#define ERRAND_CLI_CONFIG_FILE_H

#include <jansson.h>

/* What one context holds. Texts are borrowed from the file; NULL where nothing is said. */
struct config_context {
    const char *url;
    const char *token;
    const char *project;
    const char *ca_file;
};

/* The file as it is; an empty one when there is none. Owned: json_decref. NULL after complaining
 * about one that cannot be read. */
json_t *config_file_read(void);

/* Replace the file in one step. 0, or EXIT_OURS after complaining. */
int config_file_write(const json_t *config);

/* "" when none is. */
const char *config_file_current(const json_t *config);

/* 1 when there is a context of that name. */
int config_file_get(const json_t *config, const char *name, struct config_context *ret_context);

/* Add or replace a context, and make it the current one. 0, or -1 when out of memory or a text is
 * not UTF-8. */
int config_file_set(json_t *config, const char *name, const struct config_context *context);

/* 0, or EXIT_OURS after complaining: there is none of that name. */
int config_file_need(const json_t *config, const char *name, struct config_context *ret_context);

#endif
