/* SPDX-License-Identifier: Apache-2.0
 *
 * A JSON request: sent, repeated where that is safe, its answer checked and decoded.
 */
#ifndef ERRAND_SDK_REQUEST_H
#define ERRAND_SDK_REQUEST_H

#include <jansson.h>

#include <errand/client.h>

#include "buffer.h"

/* Send `body` (JSON text, or NULL) and give the answer's text; *ret_answer is done with
 * errand_buffer_done, and untouched on failure. The rule of repeating is errand_request's. */
int errand_request_text(errand_client *client, const char *method, const char *path,
                        const char *body, const char *idempotency_key,
                        struct errand_buffer *ret_answer, errand_error *error);

/* Send `body` (may be NULL; consumed also on failure) and give the answer's object, owned by the
 * caller; `ret_answer` may be NULL.
 *
 * GET and POST are repeated after ERRAND_E_UNAVAILABLE, _UNCERTAIN and _LIMIT: every POST
 * carries an idempotency key, `idempotency_key` or one made here. */
int errand_request(errand_client *client, const char *method, const char *path, json_t *body,
                   const char *idempotency_key, json_t **ret_answer, errand_error *error);

/* The same, giving the field `name` of the answer, which must be an object. */
int errand_request_object(errand_client *client, const char *method, const char *path, json_t *body,
                          const char *idempotency_key, const char *name, json_t **ret_object,
                          errand_error *error);

#endif
