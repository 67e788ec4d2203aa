/* SPDX-License-Identifier: Apache-2.0 */
#include "image_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int image_order_make(const struct identity *identity, const char *image, const char *pin,
                     const char *registry_sealed, struct image_order *ret_order, struct err *e)
{
    CLEANUP(image_order_done) struct image_order order = {0};
    int rc = image_reference_parse(image, pin, &order.ref, e);
    if (rc == 0 && registry_sealed != NULL)
        rc = identity_unseal_login(identity, registry_sealed, &order.login, e);
    if (rc < 0)
        return rc;
    if (order.login.host != NULL && strcmp(order.login.host, order.ref.host) != 0)
        return err_set(e, ERR_DENIED, "the container registry is %.60s, the image is at %.60s",
                       order.login.host, order.ref.host);
    order.reference = image_reference_format(&order.ref);
    if (order.reference == NULL)
        return err_errno(e, ENOMEM, "image");
    *ret_order = order;
    order = (struct image_order){0};
    return 0;
}

void image_order_done(struct image_order *order)
{
    image_reference_done(&order->ref);
    registry_login_done(&order->login);
    free(order->reference);
    order->reference = NULL;
}
