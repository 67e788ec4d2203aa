/* SPDX-License-Identifier: Apache-2.0
 *
 * Thin over errand_call.
 */
#include "server.h"

#include <errand/call.h>

#include <stdio.h>
#include <string.h>

#define PAGES_MAX 1000

static int not_understood(errand_error *error, const char *path)
{
    *error = (errand_error){.code = ERRAND_E_INTERNAL};
    (void)snprintf(error->message, sizeof(error->message), "%.200s: the answer makes no sense",
                   path);
    return error->code;
}

int server_call(errand_client *client, const char *method, const char *path, json_t *body,
                json_t **ret_answer, errand_error *error)
{
    char *sent = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    char *answer = NULL;
    int r = errand_call(client, method, path, sent, &answer, error);

    if (r == 0 && ret_answer != NULL) {
        *ret_answer = json_loads(answer, JSON_ALLOW_NUL, NULL);
        r = *ret_answer == NULL ? not_understood(error, path) : 0;
    }
    errand_free(answer);
    errand_free(sent);
    json_decref(body);
    return r;
}

int server_list(errand_client *client, const char *path, const char *name, json_t **ret_items,
                errand_error *error)
{
    json_t *items = json_array();
    int has_more = 1;
    int r = 0;

    for (int page = 1; r == 0 && has_more && page <= PAGES_MAX; page++) {
        json_t *answer = NULL;
        const json_t *meta;
        char query[512];

        (void)snprintf(query, sizeof(query), "%s?per_page=100&page=%d", path, page);
        r = server_call(client, "GET", query, NULL, &answer, error);
        if (r == 0 && json_array_extend(items, json_object_get(answer, name)) < 0)
            r = not_understood(error, path);
        meta = json_object_get(json_object_get(answer, "meta"), "pagination");
        has_more = json_integer_value(json_object_get(meta, "total_pages")) > page;
        json_decref(answer);
    }
    if (r == 0)
        *ret_items = items;
    else
        json_decref(items);
    return r;
}

const char *server_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}
