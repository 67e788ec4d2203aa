/* SPDX-License-Identifier: Apache-2.0
 *
 * A hypervisor is the JSON object the server sent, read through getters.
 */
#include <errand/hypervisor.h>

#include "fields.h"
#include "object.h"

struct errand_hypervisor {
    struct errand_object object;
};

struct errand_hypervisor_page {
    struct errand_object_page page;
};

void errand_hypervisor_free(errand_hypervisor *hypervisor)
{
    errand_object_free((struct errand_object *)hypervisor);
}

int errand_hypervisor_list(errand_client *client, const errand_page_options *options,
                           errand_hypervisor_page **ret_page, errand_error *error)
{
    struct errand_object_page *page = NULL;
    int r = errand_object_page_get(client, "/v1/hypervisors", "hypervisors", options, &page, error);

    if (r == 0)
        *ret_page = (errand_hypervisor_page *)page;
    return r;
}

size_t errand_hypervisor_page_count(const errand_hypervisor_page *page)
{
    return page->page.listing.count;
}

size_t errand_hypervisor_page_total(const errand_hypervisor_page *page)
{
    return page->page.listing.total;
}

unsigned errand_hypervisor_page_next(const errand_hypervisor_page *page)
{
    return page->page.listing.next;
}

const errand_hypervisor *errand_hypervisor_page_at(const errand_hypervisor_page *page, size_t i)
{
    return (const errand_hypervisor *)errand_object_page_at(&page->page, i);
}

void errand_hypervisor_page_free(errand_hypervisor_page *page)
{
    errand_object_page_free((struct errand_object_page *)page);
}

static int hypervisor_call(errand_client *client, const char *method, const char *pattern,
                           const char *id, errand_hypervisor **ret_hypervisor, errand_error *error)
{
    struct errand_object *object = NULL;
    int r = errand_object_call(client, method, pattern, id, NULL, NULL, "hypervisor",
                               ret_hypervisor == NULL ? NULL : &object, error);

    if (r == 0 && ret_hypervisor != NULL)
        *ret_hypervisor = (errand_hypervisor *)object;
    return r;
}

int errand_hypervisor_get(errand_client *client, const char *hypervisor_id,
                          errand_hypervisor **ret_hypervisor, errand_error *error)
{
    return hypervisor_call(client, "GET", "/v1/hypervisors/{}", hypervisor_id, ret_hypervisor,
                           error);
}

int errand_hypervisor_cordon(errand_client *client, const char *hypervisor_id,
                             errand_hypervisor **ret_hypervisor, errand_error *error)
{
    return hypervisor_call(client, "POST", "/v1/hypervisors/{}/cordon", hypervisor_id,
                           ret_hypervisor, error);
}

int errand_hypervisor_drain(errand_client *client, const char *hypervisor_id,
                            errand_hypervisor **ret_hypervisor, errand_error *error)
{
    return hypervisor_call(client, "POST", "/v1/hypervisors/{}/drain", hypervisor_id,
                           ret_hypervisor, error);
}

int errand_hypervisor_uncordon(errand_client *client, const char *hypervisor_id,
                               errand_hypervisor **ret_hypervisor, errand_error *error)
{
    return hypervisor_call(client, "POST", "/v1/hypervisors/{}/uncordon", hypervisor_id,
                           ret_hypervisor, error);
}

const char *errand_hypervisor_id(const errand_hypervisor *hypervisor)
{
    return errand_field_text(hypervisor->object.json, "id");
}

const char *errand_hypervisor_name(const errand_hypervisor *hypervisor)
{
    return errand_field_text(hypervisor->object.json, "name");
}

const char *errand_hypervisor_status(const errand_hypervisor *hypervisor)
{
    return errand_field_text(hypervisor->object.json, "status");
}

const char *errand_hypervisor_region(const errand_hypervisor *hypervisor)
{
    return errand_field_text(json_object_get(hypervisor->object.json, "region"), "slug");
}

double errand_hypervisor_cpu(const errand_hypervisor *hypervisor)
{
    return json_number_value(json_object_get(hypervisor->object.json, "cpu"));
}

int64_t errand_hypervisor_memory_mb(const errand_hypervisor *hypervisor)
{
    return errand_field_integer(hypervisor->object.json, "mem_total", 0);
}

int64_t errand_hypervisor_memory_free_mb(const errand_hypervisor *hypervisor)
{
    return errand_field_integer(hypervisor->object.json, "mem_free", 0);
}

int64_t errand_hypervisor_disk_free_bytes(const errand_hypervisor *hypervisor)
{
    return errand_field_integer(hypervisor->object.json, "disk_free", 0);
}

unsigned errand_hypervisor_runs(const errand_hypervisor *hypervisor)
{
    return (unsigned)errand_field_integer(hypervisor->object.json, "runs", 0);
}

const char *errand_hypervisor_version(const errand_hypervisor *hypervisor)
{
    return errand_field_text(hypervisor->object.json, "version");
}

const char *errand_hypervisor_last_seen_at(const errand_hypervisor *hypervisor)
{
    return errand_field_text(hypervisor->object.json, "last_seen_at");
}

char *errand_hypervisor_to_json(const errand_hypervisor *hypervisor)
{
    return json_dumps(hypervisor->object.json, ERRAND_JSON_TEXT);
}
