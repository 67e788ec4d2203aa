/* SPDX-License-Identifier: Apache-2.0
 *
 * A runner is the JSON object the server sent, read through getters.
 */
#include <errand/runner.h>

#include "failure.h"
#include "fields.h"
#include "object.h"
#include "request.h"
#include "url.h"

#include <string.h>

struct errand_runner {
    struct errand_object object;
};

struct errand_runner_page {
    struct errand_object_page page;
};

void errand_runner_free(errand_runner *runner)
{
    errand_object_free((struct errand_object *)runner);
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

static int runner_call(errand_client *client, const char *method, const char *pattern,
                       const char *id, json_t *body, errand_runner **ret_runner,
                       errand_error *error)
{
    struct errand_object *object = NULL;
    int r = errand_object_call(client, method, pattern, id, body, NULL, "runner",
                               ret_runner == NULL ? NULL : &object, error);

    if (r == 0 && ret_runner != NULL)
        *ret_runner = (errand_runner *)object;
    return r;
}

int errand_runner_create(errand_client *client, const errand_runner_options *options,
                         errand_runner **ret_runner, errand_error *error)
{
    errand_runner_options known = ERRAND_RUNNER_OPTIONS_INIT;
    json_t *body = NULL;
    int r = errand_options_copy(&known, sizeof(known), options, error);

    if (r == 0)
        r = runner_body(&known, &body, error);
    return r < 0 ? r : runner_call(client, "POST", "/v1/runners", NULL, body, ret_runner, error);
}

/* One of them at most is set on a runner: what is given puts the other out. */
static int put_other_out(json_t *body, const errand_runner_options *options)
{
    if (options->command != NULL && options->argv == NULL)
        return json_object_set_new(body, "argv", json_array());
    if (options->argv != NULL && options->command == NULL)
        return json_object_set_new(body, "run_command", json_null());
    return 0;
}

int errand_runner_update(errand_client *client, const char *runner_id,
                         const errand_runner_options *options, errand_runner **ret_runner,
                         errand_error *error)
{
    errand_runner_options known = ERRAND_RUNNER_OPTIONS_INIT;
    json_t *body = NULL;
    int r = errand_options_copy(&known, sizeof(known), options, error);

    if (r == 0)
        r = runner_body(&known, &body, error);
    if (r == 0 && put_other_out(body, &known) < 0) {
        json_decref(body);
        r = errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    return r < 0
               ? r
               : runner_call(client, "PATCH", "/v1/runners/{}", runner_id, body, ret_runner, error);
}

int errand_runner_warmup(errand_client *client, const char *runner_id, unsigned hypervisors,
                         unsigned pool, errand_runner **ret_runner, errand_error *error)
{
    json_t *body = json_object();

    if (hypervisors > 0)
        (void)json_object_set_new(body, "hypervisors", json_integer(hypervisors));
    if (pool > 0)
        (void)json_object_set_new(body, "pool", json_integer(pool));
    return runner_call(client, "POST", "/v1/runners/{}/warmup", runner_id, body, ret_runner, error);
}

int errand_runner_get(errand_client *client, const char *runner_id, errand_runner **ret_runner,
                      errand_error *error)
{
    return runner_call(client, "GET", "/v1/runners/{}", runner_id, NULL, ret_runner, error);
}

int errand_runner_delete(errand_client *client, const char *runner_id, errand_error *error)
{
    struct errand_buffer path;
    int r;

    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &client->allocator);
    r = errand_path_add(&path, error, "/v1/runners/{}", runner_id);
    if (r == 0)
        r = errand_request(client, "DELETE", path.bytes, NULL, NULL, NULL, error);
    errand_buffer_done(&path);
    return r;
}

int errand_runner_list(errand_client *client, const errand_page_options *options,
                       errand_runner_page **ret_page, errand_error *error)
{
    struct errand_object_page *page = NULL;
    int r = errand_object_page_get(client, "/v1/runners", "runners", options, &page, error);

    if (r == 0)
        *ret_page = (errand_runner_page *)page;
    return r;
}

size_t errand_runner_page_count(const errand_runner_page *page)
{
    return page->page.listing.count;
}

size_t errand_runner_page_total(const errand_runner_page *page)
{
    return page->page.listing.total;
}

unsigned errand_runner_page_next(const errand_runner_page *page)
{
    return page->page.listing.next;
}

const errand_runner *errand_runner_page_at(const errand_runner_page *page, size_t i)
{
    return (const errand_runner *)errand_object_page_at(&page->page, i);
}

void errand_runner_page_free(errand_runner_page *page)
{
    errand_object_page_free((struct errand_object_page *)page);
}

const char *errand_runner_id(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "id");
}

const char *errand_runner_name(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "name");
}

const char *errand_runner_status(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "status");
}

const char *errand_runner_image_name(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "image_name");
}

const char *errand_runner_image_tag(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "image_tag");
}

const char *errand_runner_command(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "run_command");
}

const char *errand_runner_entrypoint(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "entrypoint");
}

size_t errand_runner_argc(const errand_runner *runner)
{
    return errand_field_count(runner->object.json, "argv");
}

const char *errand_runner_arg(const errand_runner *runner, size_t i)
{
    return errand_field_item(runner->object.json, "argv", i);
}

unsigned errand_runner_timeout_seconds(const errand_runner *runner)
{
    return (unsigned)errand_field_integer(runner->object.json, "timeout_seconds", 0);
}

const char *errand_runner_region(const errand_runner *runner)
{
    return errand_field_text(json_object_get(runner->object.json, "region"), "slug");
}

const char *errand_runner_instance_type(const errand_runner *runner)
{
    return errand_field_text(json_object_get(runner->object.json, "instance_type"), "slug");
}

const char *errand_runner_created_at(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "created_at");
}

const char *errand_runner_warmed_at(const errand_runner *runner)
{
    return errand_field_text(runner->object.json, "warmed_at");
}

char *errand_runner_to_json(const errand_runner *runner)
{
    return json_dumps(runner->object.json, ERRAND_JSON_TEXT);
}
