/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner's environment variables, addressed by key; the server addresses them by id.
 */
#include <errand/env.h>

#include "failure.h"
#include "fields.h"
#include "listing.h"
#include "request.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_PAGE 100

struct errand_env_page {
    struct errand_listing listing;
};

int errand_env_list(errand_client *client, const char *runner_id,
                    const errand_page_options *options, errand_env_page **ret_page,
                    errand_error *error)
{
    struct errand_buffer path;
    errand_env_page *page = calloc(1, sizeof(*page));
    int r;

    if (page == NULL)
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, "/v1/runners/{}/env_variables", runner_id);
    if (r == 0)
        r = errand_listing_get(client, path.bytes, "env_variables", options, &page->listing, error);
    errand_buffer_done(&path);
    if (r == 0)
        *ret_page = page;
    else
        errand_env_page_free(page);
    return r;
}

/* Look through all pages. A copy of the variable's id, which the caller frees, or NULL for none. */
static int find_id(errand_client *client, const char *runner_id, const char *key, char **ret_id,
                   errand_error *error)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    char *id = NULL;

    want.per_page = LARGEST_PAGE;
    do {
        errand_env_page *page = NULL;
        int r = errand_env_list(client, runner_id, &want, &page, error);
        size_t i;

        if (r < 0)
            return r;
        for (i = 0; i < errand_env_page_count(page) && id == NULL; i++) {
            if (strcmp(errand_env_page_key(page, i), key) == 0)
                id = strdup(errand_env_page_id(page, i));
        }
        want.page = errand_env_page_next(page);
        errand_env_page_free(page);
    } while (id == NULL && want.page != 0);
    *ret_id = id;
    return 0;
}

static json_t *env_body(const errand_env *env, errand_env_kind kind)
{
    json_t *body = json_pack("{s:s, s:s}", "env_key", env->key, "env_val", env->value);

    if (kind != ERRAND_ENV_AS_IT_IS)
        (void)json_object_set_new(body, "secret", json_boolean(kind == ERRAND_ENV_SECRET));
    return body;
}

int errand_env_set(errand_client *client, const char *runner_id, const errand_env *env,
                   errand_env_kind kind, errand_error *error)
{
    struct errand_buffer path;
    json_t *body = NULL;
    char *id = NULL;
    int r = find_id(client, runner_id, env->key, &id, error);

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    if (r == 0)
        r = id == NULL
                ? errand_path_add(&path, error, "/v1/runners/{}/env_variables", runner_id)
                : errand_path_add(&path, error, "/v1/runners/{}/env_variables/{}", runner_id, id);
    if (r < 0)
        goto out;
    body = env_body(env, kind);
    if (body == NULL)
        r = errand_fail(error, ERRAND_E_INVALID, "the variable '%s' is not UTF-8", env->key);
    else
        r = errand_request(client, id == NULL ? "POST" : "PATCH", path.bytes, body, NULL, NULL,
                           error);
out:
    errand_buffer_done(&path);
    free(id);
    return r;
}

int errand_env_remove(errand_client *client, const char *runner_id, const char *key,
                      errand_error *error)
{
    struct errand_buffer path;
    char *id = NULL;
    int r = find_id(client, runner_id, key, &id, error);

    if (r < 0)
        return r;
    if (id == NULL)
        return errand_fail(error, ERRAND_E_NOT_FOUND, "the runner has no variable '%s'", key);
    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, "/v1/runners/{}/env_variables/{}", runner_id, id);
    if (r == 0)
        r = errand_request(client, "DELETE", path.bytes, NULL, NULL, NULL, error);
    errand_buffer_done(&path);
    free(id);
    return r;
}

size_t errand_env_page_count(const errand_env_page *page)
{
    return page->listing.count;
}

unsigned errand_env_page_next(const errand_env_page *page)
{
    return page->listing.next;
}

static const char *variable_text(const errand_env_page *page, size_t i, const char *name)
{
    return errand_field_text(json_array_get(page->listing.items, i), name);
}

const char *errand_env_page_id(const errand_env_page *page, size_t i)
{
    return variable_text(page, i, "id");
}

const char *errand_env_page_key(const errand_env_page *page, size_t i)
{
    return variable_text(page, i, "env_key");
}

const char *errand_env_page_value(const errand_env_page *page, size_t i)
{
    return variable_text(page, i, "env_val");
}

int errand_env_page_is_secret(const errand_env_page *page, size_t i)
{
    return json_is_true(json_object_get(json_array_get(page->listing.items, i), "secret"));
}

char *errand_env_page_to_json(const errand_env_page *page)
{
    return json_dumps(page->listing.items, ERRAND_JSON_TEXT);
}

void errand_env_page_free(errand_env_page *page)
{
    if (page == NULL)
        return;
    errand_listing_done(&page->listing);
    free(page);
}
