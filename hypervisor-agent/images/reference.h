/* SPDX-License-Identifier: Apache-2.0
 *
 * Image references as people write them: [host[:port]/]name[:tag][@sha256:...].
 *
 * The first part is a host when it holds a '.' or ':' or is "localhost"; otherwise the host is
 * docker.io, where one-part names live below "library/". No tag and no digest means "latest"; a
 * digest wins over a tag.
 * Source: distribution/reference, "Grammar".
 */
#ifndef ERRAND_IMAGES_REFERENCE_H
#define ERRAND_IMAGES_REFERENCE_H

#include "base/err.h"

#define IMAGE_REFERENCE_MAX_BYTES 512

struct image_reference {
    char *host;   /* owned; "docker.io", "127.0.0.1:5000" */
    char *name;   /* owned; "library/alpine" */
    char *tag;    /* owned; NULL when there is a digest */
    char *digest; /* owned; NULL when there is a tag */
};

/* `pin` is a digest that replaces tag and digest of `text`, or NULL. ERR_INVALID names what is
 * wrong. */
int image_reference_parse(const char *text, const char *pin, struct image_reference *ret_ref,
                          struct err *e) MUST_USE;
void image_reference_done(struct image_reference *ref);

/* What to ask the registry for: the digest or the tag. Borrowed. */
const char *image_reference_version(const struct image_reference *ref);

/* The one spelling of a reference: "docker.io/library/alpine:latest", "host/name@sha256:...".
 * Owned; NULL when out of memory. */
char *image_reference_format(const struct image_reference *ref);

/* The same image by `digest` instead of by tag. */
char *image_reference_format_pinned(const struct image_reference *ref, const char *digest);

#endif
