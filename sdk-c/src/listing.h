/* SPDX-License-Identifier: Apache-2.0
 *
 * One page of any list.
 */
#ifndef ERRAND_SDK_LISTING_H
#define ERRAND_SDK_LISTING_H

#include <jansson.h>

#include <errand/client.h>
#include <errand/page.h>

#define ERRAND_CURSOR_BYTES 64

struct errand_listing {
    json_t *items; /* owned array of objects */
    size_t count;
    size_t total;                     /* over all pages */
    unsigned next;                    /* page number, 0 = none */
    char cursor[ERRAND_CURSOR_BYTES]; /* of the next page, when the path asked by cursor; "" = none
                                       */
};

/* Get a page of the list under `path`, whose items are in the answer's field `name`. `options` may
 * be NULL. */
int errand_listing_get(errand_client *client, const char *path, const char *name,
                       const errand_page_options *options, struct errand_listing *ret_listing,
                       errand_error *error);

void errand_listing_done(struct errand_listing *listing);

#endif
