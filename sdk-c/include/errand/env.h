/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner's environment variables. They are stored encrypted; a run's own values win over them.
 */
#ifndef ERRAND_ENV_H
#define ERRAND_ENV_H

#include <stddef.h>

#include <errand/client.h>
#include <errand/page.h>

ERRAND_BEGIN_DECLS

/* A variable to pass on: key [a-zA-Z_][a-zA-Z0-9_]*, up to 255; value up to 32 KiB. */
typedef struct errand_env {
    const char *key;
    const char *value;
} errand_env;

/* The variables of one runner, a page of them. Getters never return NULL. */
typedef struct errand_env_page errand_env_page;

/* Whether the server gives a variable's value out again. */
typedef enum errand_env_kind {
    ERRAND_ENV_AS_IT_IS = 0, /* a new one is a secret */
    ERRAND_ENV_SECRET = 1,
    ERRAND_ENV_PLAIN = 2
} errand_env_kind;

/* Set one variable: replaced when the runner has it, created when not. */
ERRAND_API int errand_env_set(errand_client *client, const char *runner_id, const errand_env *env,
                              errand_env_kind kind, errand_error *error);

/* ERRAND_E_NOT_FOUND when the runner has no such variable. */
ERRAND_API int errand_env_remove(errand_client *client, const char *runner_id, const char *key,
                                 errand_error *error);

/* `options` may be NULL. Free with errand_env_page_free. */
ERRAND_API int errand_env_list(errand_client *client, const char *runner_id,
                               const errand_page_options *options, errand_env_page **ret_page,
                               errand_error *error);

ERRAND_API size_t errand_env_page_count(const errand_env_page *page);
ERRAND_API unsigned errand_env_page_next(const errand_env_page *page);
ERRAND_API const char *errand_env_page_id(const errand_env_page *page, size_t i);
ERRAND_API const char *errand_env_page_key(const errand_env_page *page, size_t i);
/* "" for a secret: its value is never given out again. */
ERRAND_API const char *errand_env_page_value(const errand_env_page *page, size_t i);
ERRAND_API int errand_env_page_is_secret(const errand_env_page *page, size_t i);
/* The whole page as a JSON array. Free with errand_free; NULL: out of memory. */
ERRAND_API char *errand_env_page_to_json(const errand_env_page *page);
ERRAND_API void errand_env_page_free(errand_env_page *page);

ERRAND_END_DECLS

#endif
