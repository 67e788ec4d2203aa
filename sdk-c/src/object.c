/* SPDX-License-Identifier: Apache-2.0
 *
 * Getting them, and giving them back to the allocator they came from.
 */
#include "object.h"

#include "failure.h"
#include "memory.h"
#include "request.h"
#include "url.h"

/* Takes `json` over, also on failure. */
static int object_new(const errand_client *client, json_t *json, struct errand_object **ret_object,
                      errand_error *error)
{
    struct errand_object *object = errand_memory_get(&client->allocator, sizeof(*object));

    if (object == NULL) {
        json_decref(json);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    object->json = json;
    object->allocator = client->allocator;
    *ret_object = object;
    return 0;
}

int errand_object_call(errand_client *client, const char *method, const char *pattern,
                       const char *id, json_t *body, const char *idempotency_key, const char *name,
                       struct errand_object **ret_object, errand_error *error)
{
    struct errand_buffer path;
    json_t *json = NULL;
    int r;

    errand_buffer_init_in(&path, ERRAND_PATH_LIMIT, &client->allocator);
    r = errand_path_add(&path, error, pattern, id);
    if (r == 0)
        r = errand_request_object(client, method, path.bytes, body, idempotency_key, name, &json,
                                  error);
    else
        json_decref(body);
    errand_buffer_done(&path);
    if (r < 0)
        return r;
    if (ret_object == NULL) {
        json_decref(json);
        return 0;
    }
    return object_new(client, json, ret_object, error);
}

void errand_object_free(struct errand_object *object)
{
    errand_allocator allocator;

    if (object == NULL)
        return;
    allocator = object->allocator;
    json_decref(object->json);
    errand_memory_release(&allocator, object);
}

/* Takes `listing` over, also on failure. */
static int page_new(const errand_client *client, struct errand_listing *listing,
                    struct errand_object_page **ret_page, errand_error *error)
{
    struct errand_object_page *page = errand_memory_get(&client->allocator, sizeof(*page));
    size_t n = listing->count > 0 ? listing->count : 1;
    size_t i;

    if (page != NULL)
        page->objects = errand_memory_get(&client->allocator, n * sizeof(page->objects[0]));
    if (page == NULL || page->objects == NULL) {
        errand_memory_release(&client->allocator, page);
        errand_listing_done(listing);
        return errand_fail(error, ERRAND_E_INTERNAL, ERRAND_OUT_OF_MEMORY);
    }
    page->listing = *listing;
    page->allocator = client->allocator;
    for (i = 0; i < listing->count; i++)
        page->objects[i].json = json_array_get(listing->items, i);
    *ret_page = page;
    return 0;
}

int errand_object_page_get(errand_client *client, const char *path, const char *name,
                           const errand_page_options *options, struct errand_object_page **ret_page,
                           errand_error *error)
{
    struct errand_listing listing;
    int r = errand_listing_get(client, path, name, options, &listing, error);

    return r < 0 ? r : page_new(client, &listing, ret_page, error);
}

const struct errand_object *errand_object_page_at(const struct errand_object_page *page, size_t i)
{
    return i < page->listing.count ? &page->objects[i] : NULL;
}

void errand_object_page_free(struct errand_object_page *page)
{
    errand_allocator allocator;

    if (page == NULL)
        return;
    allocator = page->allocator;
    errand_listing_done(&page->listing);
    errand_memory_release(&allocator, page->objects);
    errand_memory_release(&allocator, page);
}
