/* SPDX-License-Identifier: Apache-2.0
 *
 * Trigger, get, stop and list runs.
 */
#include "run.h"

#include "failure.h"
#include "fields.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_KEY 255
#define LABEL_KEY_BYTES 1024

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

/* {"key": "value", ...} from texts "key=value". -1 when one has no '='. */
static int set_labels(json_t *body, const char *const *labels, size_t n)
{
    json_t *object;
    size_t i;

    if (n == 0)
        return 0;
    object = json_object();
    for (i = 0; i < n; i++) {
        const char *equals = strchr(labels[i], '=');
        json_t *value = equals == NULL ? NULL : json_string(equals + 1);
        char key[LABEL_KEY_BYTES];

        (void)snprintf(key, sizeof(key), "%.*s", equals == NULL ? 0 : (int)(equals - labels[i]),
                       labels[i]);
        if (json_object_set_new(object, key, value) < 0) {
            json_decref(object);
            return -1;
        }
    }
    return json_object_set_new(body, "labels", object);
}

static int set_priority(json_t *body, int priority)
{
    return priority == 0
               ? 0
               : json_object_set_new(body, "priority", json_integer(priority < 0 ? 0 : priority));
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
    if (r == 0)
        r = errand_field_set_text(body, "instance_type", options->instance_type);
    if (r == 0)
        r = set_labels(body, options->labels, options->n_labels);
    if (r == 0)
        r = set_priority(body, options->priority);
    if (r < 0) {
        json_decref(body);
        return errand_fail(error, ERRAND_E_INVALID,
                           "an option of the run is not UTF-8, or a label not of the form "
                           "key=value");
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

static int run_call(errand_client *client, const char *method, const char *pattern, const char *id,
                    json_t *body, const char *key, errand_run **ret_run, errand_error *error)
{
    struct errand_object *object = NULL;
    int r = errand_object_call(client, method, pattern, id, body, key, "run",
                               ret_run == NULL ? NULL : &object, error);

    if (r == 0 && ret_run != NULL)
        *ret_run = (errand_run *)object;
    return r;
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

int errand_run_list_path(struct errand_buffer *path, const char *runner_id,
                         const errand_run_filter *filter, errand_error *error)
{
    errand_run_filter known = ERRAND_RUN_FILTER_INIT;
    int r = filter == NULL ? 0 : errand_options_copy(&known, sizeof(known), filter, error);

    if (r == 0)
        r = runner_id == NULL ? errand_path_add(path, error, "/v1/runs")
                              : errand_path_add(path, error, "/v1/runners/{}/runs", runner_id);
    if (r < 0)
        return r;
    if (known.status != ERRAND_RUN_UNKNOWN)
        errand_path_add_query_text(path, "status", errand_run_status_name(known.status));
    errand_path_add_query_text(path, "label", known.label);
    errand_path_add_query_text(path, "trigger", known.trigger);
    errand_path_add_query_text(path, "since", known.since);
    errand_path_add_query_text(path, "until", known.until);
    return path->failed ? errand_fail(error, ERRAND_E_INVALID, "the filter is too long") : 0;
}

int errand_run_list(errand_client *client, const char *runner_id, const errand_run_filter *filter,
                    const errand_page_options *options, errand_run_page **ret_page,
                    errand_error *error)
{
    struct errand_object_page *page = NULL;
    struct errand_buffer path;
    int r;

    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &client->allocator);
    r = errand_run_list_path(&path, runner_id, filter, error);
    if (r == 0)
        r = errand_object_page_get(client, path.bytes, "runs", options, &page, error);
    errand_buffer_done(&path);
    if (r == 0)
        *ret_page = (errand_run_page *)page;
    return r;
}

size_t errand_run_page_count(const errand_run_page *page)
{
    return page->page.listing.count;
}

size_t errand_run_page_total(const errand_run_page *page)
{
    return page->page.listing.total;
}

unsigned errand_run_page_next(const errand_run_page *page)
{
    return page->page.listing.next;
}

const errand_run *errand_run_page_at(const errand_run_page *page, size_t i)
{
    return (const errand_run *)errand_object_page_at(&page->page, i);
}

void errand_run_page_free(errand_run_page *page)
{
    errand_object_page_free((struct errand_object_page *)page);
}
