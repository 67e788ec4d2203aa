/* SPDX-License-Identifier: Apache-2.0
 *
 * Any call of the HTTP interface, for what has no function of its own.
 *
 *     char *answer;
 *     if (errand_call(client, "GET", "/v1/audit_events?per_page=10", NULL, &answer, &error) == 0) {
 *         puts(answer);
 *         errand_free(answer);
 *     }
 */
#ifndef ERRAND_CALL_H
#define ERRAND_CALL_H

#include <errand/client.h>

ERRAND_BEGIN_DECLS

/* Send it and give the answer, a JSON object as text. GET and POST are repeated as by every other
 * function: a POST has an idempotency key.
 *
 * In:      method      "GET", "POST", "PATCH", "DELETE"
 *          path        from the slash on, percent-encoded where it must be
 *          body        a JSON object as text, or NULL
 * Out:     ret_answer  free with errand_free; may be NULL
 */
ERRAND_API int errand_call(errand_client *client, const char *method, const char *path,
                           const char *body, char **ret_answer, errand_error *error);

ERRAND_END_DECLS

#endif
