/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs, runners and hypervisors have in common: the JSON object that the server sent, alone or
 * in a page. Their opaque types begin with these.
 */
#ifndef ERRAND_SDK_OBJECT_H
#define ERRAND_SDK_OBJECT_H

#include <jansson.h>

#include "client.h"
#include "listing.h"

struct errand_object {
    json_t *json;               /* owned; borrowed inside a page */
    errand_allocator allocator; /* of the object itself; unused inside a page */
};

struct errand_object_page {
    struct errand_listing listing;
    errand_allocator allocator;
    struct errand_object *objects; /* owned array; they borrow the listing's items */
};

/* Send a request whose answer has the object in its field `name`. The id takes the place of "{}" in
 * `pattern`; `body` is consumed; `ret_object` may be NULL. */
int errand_object_call(errand_client *client, const char *method, const char *pattern,
                       const char *id, json_t *body, const char *idempotency_key, const char *name,
                       struct errand_object **ret_object, errand_error *error);

/* NULL is allowed. */
void errand_object_free(struct errand_object *object);

int errand_object_page_get(errand_client *client, const char *path, const char *name,
                           const errand_page_options *options, struct errand_object_page **ret_page,
                           errand_error *error);

/* Borrowed; NULL when `i` is not below the count. */
const struct errand_object *errand_object_page_at(const struct errand_object_page *page, size_t i);

/* NULL is allowed. */
void errand_object_page_free(struct errand_object_page *page);

#endif
