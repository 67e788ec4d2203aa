/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of the HTTP interface that the library has no function for, with JSON values.
 */
#ifndef ERRAND_CLI_SERVER_H
#define ERRAND_CLI_SERVER_H

#include <errand/client.h>

#include <jansson.h>

/* `body` may be NULL and is consumed. *ret_answer: json_decref; may be NULL. Returns as errand_call
 * does. */
int server_call(errand_client *client, const char *method, const char *path, json_t *body,
                json_t **ret_answer, errand_error *error);

/* All items of the list `name` at `path` (without a query), page after page. */
int server_list(errand_client *client, const char *path, const char *name, json_t **ret_items,
                errand_error *error);

/* A member of an object as text; "" for what is none. Borrowed. */
const char *server_text(const json_t *object, const char *name);

#endif
