/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner is the JSON object the server sent, read through getters.
 */
#include <errand/runner.h>

#include "failure.h"
#include "fields.h"
#include "listing.h"
#include "request.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

struct errand_runner {
    json_t *json; /* owned */
};

struct errand_runner_page {
    struct errand_listing listing;
    struct errand_runner runners[]; /* borrow the listing's items */
};

/* Takes `json` over, also on failure. */
static int runner_new(json_t *json, errand_runner **ret_runner, errand_error *error)
{
    errand_runner *runner = malloc(sizeof(*runner));

    if (runner == NULL) {
        json_decref(json);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    runner->json = json;
    *ret_runner = runner;
    return 0;
}

void errand_runner_free(errand_runner *runner)
{
    if (runner == NULL)
        return;
    json_decref(runner->json);
    free(runner);
}

/* "host:5000/team/name:tag" is image_name "host:5000/team/name" and image_tag "tag". */
static int set_image(json_t *body, const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *colon = strrchr(slash == NULL ? image : slash, ':');

    if (colon == NULL || strchr(image, '@') != NULL)
        return errand_field_set_text(body, "image_name", image);
    if (json_object_set_new(body, "image_name", json_stringn(image, (size_t)(colon - image))) < 0)
        return -1;
    return errand_field_set_text(body, "image_tag", colon + 1);
}

static int runner_body(const errand_runner_options *options, json_t **ret_body, errand_error *error)
{
    json_t *body = json_object();
    int r = errand_field_set_text(body, "name", options->name);

    if (r == 0 && options->image != NULL)
        r = set_image(body, options->image);
    if (r == 0)
        r = errand_field_set_text(body, "run_command", options->command);
    if (r == 0)
        r = errand_field_set_texts(body, "argv", options->argv, options->n_argv);
    if (r == 0)
        r = errand_field_set_text(body, "entrypoint", options->entrypoint);
    if (r == 0 && options->timeout_seconds > 0)
        r = json_object_set_new(body, "timeout_seconds", json_integer(options->timeout_seconds));
    if (r == 0)
        r = errand_field_set_text(body, "region", options->region);
    if (r == 0)
        r = errand_field_set_text(body, "instance_type", options->instance_type);
    if (r < 0) {
        json_decref(body);
        return errand_fail(error, ERRAND_E_INVALID, "an option of the runner is not UTF-8");
    }
    *ret_body = body;
    return 0;
}

int errand_runner_create(errand_client *client, const errand_runner_options *options,
                         errand_runner **ret_runner, errand_error *error)
{
    errand_runner_options known = ERRAND_RUNNER_OPTIONS_INIT;
    json_t *body = NULL;
    json_t *json = NULL;
    int r = errand_options_copy(&known, sizeof(known), options, error);

    if (r == 0)
        r = runner_body(&known, &body, error);
    if (r == 0)
        r = errand_request_object(client, "POST", "/v1/runners", body, NULL, "runner", &json,
                                  error);
    return r == 0 ? runner_new(json, ret_runner, error) : r;
}

int errand_runner_get(errand_client *client, const char *runner_id, errand_runner **ret_runner,
                      errand_error *error)
{
    struct errand_buffer path;
    json_t *json = NULL;
    int r;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, "/v1/runners/{}", runner_id);
    if (r == 0)
        r = errand_request_object(client, "GET", path.bytes, NULL, NULL, "runner", &json, error);
    errand_buffer_done(&path);
    return r == 0 ? runner_new(json, ret_runner, error) : r;
}

int errand_runner_delete(errand_client *client, const char *runner_id, errand_error *error)
{
    struct errand_buffer path;
    int r;

    errand_buffer_init(&path, ERRAND_PATH_LIMIT);
    r = errand_path_add(&path, error, "/v1/runners/{}", runner_id);
    if (r == 0)
        r = errand_request(client, "DELETE", path.bytes, NULL, NULL, NULL, error);
    errand_buffer_done(&path);
    return r;
}

int errand_runner_list(errand_client *client, const errand_page_options *options,
                       errand_runner_page **ret_page, errand_error *error)
{
    struct errand_listing listing = {NULL, 0, 0, 0};
    errand_runner_page *page;
    size_t i;
    int r = errand_listing_get(client, "/v1/runners", "runners", options, &listing, error);

    if (r < 0)
        return r;
    page = malloc(sizeof(*page) + listing.count * sizeof(page->runners[0]));
    if (page == NULL) {
        errand_listing_done(&listing);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    page->listing = listing;
    for (i = 0; i < listing.count; i++)
        page->runners[i].json = json_array_get(listing.items, i);
    *ret_page = page;
    return 0;
}

size_t errand_runner_page_count(const errand_runner_page *page)
{
    return page->listing.count;
}

size_t errand_runner_page_total(const errand_runner_page *page)
{
    return page->listing.total;
}

unsigned errand_runner_page_next(const errand_runner_page *page)
{
    return page->listing.next;
}

const errand_runner *errand_runner_page_at(const errand_runner_page *page, size_t i)
{
    return i < page->listing.count ? &page->runners[i] : NULL;
}

void errand_runner_page_free(errand_runner_page *page)
{
    if (page == NULL)
        return;
    errand_listing_done(&page->listing);
    free(page);
}

const char *errand_runner_id(const errand_runner *runner)
{
    return errand_field_text(runner->json, "id");
}

const char *errand_runner_name(const errand_runner *runner)
{
    return errand_field_text(runner->json, "name");
}

const char *errand_runner_status(const errand_runner *runner)
{
    return errand_field_text(runner->json, "status");
}

const char *errand_runner_image_name(const errand_runner *runner)
{
    return errand_field_text(runner->json, "image_name");
}

const char *errand_runner_image_tag(const errand_runner *runner)
{
    return errand_field_text(runner->json, "image_tag");
}

const char *errand_runner_command(const errand_runner *runner)
{
    return errand_field_text(runner->json, "run_command");
}

const char *errand_runner_entrypoint(const errand_runner *runner)
{
    return errand_field_text(runner->json, "entrypoint");
}

size_t errand_runner_argc(const errand_runner *runner)
{
    return errand_field_count(runner->json, "argv");
}

const char *errand_runner_arg(const errand_runner *runner, size_t i)
{
    return errand_field_item(runner->json, "argv", i);
}

unsigned errand_runner_timeout_seconds(const errand_runner *runner)
{
    return (unsigned)errand_field_integer(runner->json, "timeout_seconds", 0);
}

const char *errand_runner_region(const errand_runner *runner)
{
    return errand_field_text(json_object_get(runner->json, "region"), "slug");
}

const char *errand_runner_instance_type(const errand_runner *runner)
{
    return errand_field_text(json_object_get(runner->json, "instance_type"), "slug");
}

const char *errand_runner_created_at(const errand_runner *runner)
{
    return errand_field_text(runner->json, "created_at");
}

char *errand_runner_to_json(const errand_runner *runner)
{
    return json_dumps(runner->json, JSON_COMPACT);
}
