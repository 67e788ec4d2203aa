/* SPDX-License-Identifier: Apache-2.0
 *
 * {"<name>": [...], "meta": {"pagination": {...}}}
 */
#include "listing.h"

#include "client.h"
#include "failure.h"
#include "fields.h"
#include "request.h"
#include "url.h"

#include <stdio.h>

static int listing_decode(const json_t *answer, const char *name,
                          struct errand_listing *ret_listing, errand_error *error)
{
    const json_t *meta = json_object_get(answer, "meta");
    const json_t *pagination = json_object_get(meta, "pagination");
    const json_t *pages = json_object_get(pagination, "pages");
    json_t *items = json_object_get(answer, name);
    int64_t current = errand_field_integer(pagination, "current_page", 1);
    int64_t last = errand_field_integer(pagination, "total_pages", 1);
    int64_t next = errand_field_integer(pages, "next", current < last ? current + 1 : 0);
    size_t i;
    json_t *item;

    if (!json_is_array(items))
        return errand_fail(error, ERRAND_E_INTERNAL, "the answer has no list of %s", name);
    json_array_foreach(items, i, item)
    {
        if (!json_is_object(item))
            return errand_fail(error, ERRAND_E_INTERNAL, "an item of %s is no object", name);
    }
    ret_listing->items = json_incref(items);
    ret_listing->count = json_array_size(items);
    ret_listing->total =
        (size_t)errand_field_integer(pagination, "total_objects", (int64_t)ret_listing->count);
    ret_listing->next = next > current ? (unsigned)next : 0;
    (void)snprintf(ret_listing->cursor, sizeof(ret_listing->cursor), "%s",
                   errand_field_text(json_object_get(meta, "cursor"), "next"));
    return 0;
}

int errand_listing_get(errand_client *client, const char *path, const char *name,
                       const errand_page_options *options, struct errand_listing *ret_listing,
                       errand_error *error)
{
    errand_page_options want = ERRAND_PAGE_OPTIONS_INIT;
    struct errand_buffer full;
    json_t *answer = NULL;
    int r = options == NULL ? 0 : errand_options_copy(&want, sizeof(want), options, error);

    if (r < 0)
        return r;
    errand_buffer_init_in(&full, ERRAND_PATH_LIMIT, &client->allocator);
    (void)errand_buffer_add_text(&full, path);
    if (want.page > 0)
        errand_path_add_query(&full, "page", want.page);
    if (want.per_page > 0)
        errand_path_add_query(&full, "per_page", want.per_page);
    r = errand_request(client, "GET", errand_buffer_text(&full), NULL, NULL, &answer, error);
    if (r == 0)
        r = listing_decode(answer, name, ret_listing, error);
    json_decref(answer);
    errand_buffer_done(&full);
    return r;
}

void errand_listing_done(struct errand_listing *listing)
{
    json_decref(listing->items);
    listing->items = NULL;
}
