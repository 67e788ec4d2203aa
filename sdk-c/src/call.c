/* SPDX-License-Identifier: Apache-2.0
 *
 * The plain call: JSON text in, JSON text out.
 */
#include <errand/call.h>

#include "failure.h"
#include "fields.h"
#include "request.h"

#include <string.h>

#define LONGEST_PATH 8192

static int is_path(const char *path)
{
    return path != NULL && path[0] == '/' && strlen(path) < LONGEST_PATH &&
           strpbrk(path, " \t\r\n#") == NULL;
}

static int is_method(const char *method)
{
    return method != NULL && method[0] != '\0' && strlen(method) <= 16 &&
           strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method);
}

int errand_call(errand_client *client, const char *method, const char *path, const char *body,
                char **ret_answer, errand_error *error)
{
    json_t *sent = NULL;
    json_t *answer = NULL;
    int r;

    if (!is_method(method) || !is_path(path))
        return errand_fail(error, ERRAND_E_INVALID, "'%s %s' is not a method and a path",
                           method == NULL ? "" : method, path == NULL ? "" : path);
    if (body != NULL) {
        sent = json_loads(body, 0, NULL);
        if (!json_is_object(sent)) {
            json_decref(sent);
            return errand_fail(error, ERRAND_E_INVALID, "the body is not a JSON object");
        }
    }
    r = errand_request(client, method, path, sent, NULL, &answer, error);
    if (r < 0 || ret_answer == NULL) {
        json_decref(answer);
        return r;
    }
    *ret_answer = json_dumps(answer, ERRAND_JSON_TEXT);
    json_decref(answer);
    return *ret_answer == NULL ? errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY) : 0;
}
