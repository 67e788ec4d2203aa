/* SPDX-License-Identifier: Apache-2.0
 *
 * Which image to get and with what: the texts of an assignment or a warm-up, parsed and unsealed.
 */
#ifndef ERRAND_HYPERVISOR_AGENT_IMAGE_ORDER_H
#define ERRAND_HYPERVISOR_AGENT_IMAGE_ORDER_H

#include "base/err.h"
#include "identity.h"
#include "images/reference.h"
#include "images/registry_login.h"

struct image_order {
    struct image_reference ref;
    char *reference; /* owned; the one spelling of `ref` */
    struct registry_login login;
};

/* `pin` and `registry_sealed` may be NULL.
 * Errors:  ERR_INVALID  the reference or what was sealed is malformed
 *          ERR_DENIED   sealed to another key, or for another host than the image's */
int image_order_make(const struct identity *identity, const char *image, const char *pin,
                     const char *registry_sealed, struct image_order *ret_order,
                     struct err *e) MUST_USE;
void image_order_done(struct image_order *order);

#endif
