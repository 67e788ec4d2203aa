/* SPDX-License-Identifier: Apache-2.0
 *
 * Trigger, get, stop and list runs.
 */
#include "run.h"

#include "failure.h"
#include "fields.h"
#include "listing.h"
#include "request.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_KEY 255

struct errand_run_page {
    struct errand_listing listing;
    struct errand_run runs[]; /* borrow the listing's items */
};

static int set_env(json_t *body, const errand_env *env, size_t n_env)
{
    json_t *list;
    size_t i;

    if (n_env == 0)
        return 0;
    list = json_array();
    for (i = 0; i < n_env; i++) {
        json_t *item = json_pack("{s:s, s:s}", "env_key", env[i].key, "env_val", env[i].value);

        if (json_array_append_new(list, item) < 0) {
            json_decref(list);
            return -1;
        }
    }
    return json_object_set_new(body, "env_variables", list);
}

static int trigger_body(const errand_run_options *options, json_t **ret_body, errand_error *error)
{
    json_t *body = json_object();
    int r = errand_field_set_text(body, "command", options->command);

    if (r == 0)
        r = errand_field_set_texts(body, "argv", options->argv, options->n_argv);
    if (r == 0)
        r = errand_field_set_text(body, "entrypoint", options->entrypoint);
    if (r == 0)
        r = set_env(body, options->env, options->n_env);
    if (r == 0 && options->timeout_seconds > 0)
        r = json_object_set_new(body, "timeout_seconds", json_integer(options->timeout_seconds));
    if (r < 0) {
        json_decref(body);
        return errand_fail(error, ERRAND_E_INVALID, "an option of the run is not UTF-8");
    }
    *ret_body = body;
    return 0;
}

static int check_key(const char *key, errand_error *error)
{
    const char *c;

    if (key == NULL)
        return 0;
    for (c = key; *c > ' ' && *c < 0x7f; c++)
        ;
    if (c == key || *c != '\0' || c - key > LONGEST_KEY)
        return errand_fail(error, ERRAND_E_INVALID,
                           "an idempotency key is 1 to %d printable characters", LONGEST_KEY);
    return 0;
}

/* A call on one path that answers with a run; `id` takes the pattern's place. */
static int run_call(errand_client *client, const char *method, const char *pattern, const char *id,
                    json_t *body, const char *key, errand_run **ret_run, errand_error *error)
{
    struct errand_buffer path;
    json_t *json = NULL;
    int r;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, pattern, id);
    if (r == 0)
        r = errand_request_object(client, method, path.bytes, body, key, "run", &json, error);
    else
        json_decref(body);
    errand_buffer_done(&path);
    if (r < 0)
        return r;
    if (ret_run == NULL) {
        json_decref(json);
        return 0;
    }
    return errand_run_new(json, ret_run, error);
}

int errand_run_trigger(errand_client *client, const char *runner_id,
                       const errand_run_options *options, errand_run **ret_run, errand_error *error)
{
    errand_run_options known = ERRAND_RUN_OPTIONS_INIT;
    json_t *body = NULL;
    int r = options == NULL ? 0 : errand_options_copy(&known, sizeof(known), options, error);

    if (r == 0)
        r = check_key(known.idempotency_key, error);
    if (r == 0)
        r = trigger_body(&known, &body, error);
    return r < 0 ? r
                 : run_call(client, "POST", "/v1/runners/{}/runs", runner_id, body,
                            known.idempotency_key, ret_run, error);
}

int errand_run_get(errand_client *client, const char *run_id, errand_run **ret_run,
                   errand_error *error)
{
    return run_call(client, "GET", "/v1/runs/{}", run_id, NULL, NULL, ret_run, error);
}

int errand_run_stop(errand_client *client, const char *run_id, errand_run **ret_run,
                    errand_error *error)
{
    return run_call(client, "POST", "/v1/runs/{}/stop", run_id, NULL, NULL, ret_run, error);
}

int errand_run_list(errand_client *client, const char *runner_id,
                    const errand_page_options *options, errand_run_page **ret_page,
                    errand_error *error)
{
    struct errand_listing listing = {NULL, 0, 0, 0};
    struct errand_buffer path;
    errand_run_page *page;
    size_t i;
    int r;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = runner_id == NULL ? errand_path_add(&path, error, "/v1/runs")
                          : errand_path_add(&path, error, "/v1/runners/{}/runs", runner_id);
    if (r == 0)
        r = errand_listing_get(client, path.bytes, "runs", options, &listing, error);
    errand_buffer_done(&path);
    if (r < 0)
        return r;
    page = malloc(sizeof(*page) + listing.count * sizeof(page->runs[0]));
    if (page == NULL) {
        errand_listing_done(&listing);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    page->listing = listing;
    for (i = 0; i < listing.count; i++)
        page->runs[i].json = json_array_get(listing.items, i);
    *ret_page = page;
    return 0;
}

size_t errand_run_page_count(const errand_run_page *page)
{
    return page->listing.count;
}

size_t errand_run_page_total(const errand_run_page *page)
{
    return page->listing.total;
}

unsigned errand_run_page_next(const errand_run_page *page)
{
    return page->listing.next;
}

const errand_run *errand_run_page_at(const errand_run_page *page, size_t i)
{
    return i < page->listing.count ? &page->runs[i] : NULL;
}

void errand_run_page_free(errand_run_page *page)
{
    if (page == NULL)
        return;
    errand_listing_done(&page->listing);
    free(page);
}
