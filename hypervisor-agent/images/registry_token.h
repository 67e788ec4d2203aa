/* SPDX-License-Identifier: Apache-2.0
 *
 * The Authorization header that answers a registry's challenge.
 */
#ifndef ERRAND_IMAGES_REGISTRY_TOKEN_H
#define ERRAND_IMAGES_REGISTRY_TOKEN_H

#include "images/auth_challenge.h"
#include "images/http_fetch.h"
#include "images/registry.h"

/* How to ask. All borrowed. */
struct registry_asking {
    struct http_session *session;
    const struct registry_login *login;
    const char *ca_pem; /* or NULL */
    bool plain_http;
    const atomic_bool *cancel;
};

/* Out:     ret_authorization  owned; "Basic ..." or "Bearer ..."
 * Errors:  ERR_UNAUTHENTICATED  refused, or Basic was asked for and there are no credentials
 *          ERR_UNAVAILABLE, ERR_INVALID  the token service
 */
int registry_token_get(const struct registry_asking *asking, const struct auth_challenge *challenge,
                       char **ret_authorization, struct err *e) MUST_USE;

#endif
