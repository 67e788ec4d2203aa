/* SPDX-License-Identifier: Apache-2.0
 *
 * The Authorization header that answers a registry's challenge.
 */
#ifndef ERRAND_IMAGES_REGISTRY_TOKEN_H
#define ERRAND_IMAGES_REGISTRY_TOKEN_H

#include "images/auth_challenge.h"
#include "images/http_fetch.h"
#include "images/registry.h"

/* Out:     ret_authorization  owned; "Basic ..." or "Bearer ..."
 * Errors:  ERR_UNAUTHENTICATED  refused, or Basic was asked for and there are no credentials
 *          ERR_UNAVAILABLE, ERR_INVALID  the token service
 */
int registry_token_get(struct http_session *session, const struct auth_challenge *challenge,
                       const struct registry_credentials *credentials, bool plain_http,
                       const atomic_bool *cancel, char **ret_authorization, struct err *e) MUST_USE;

#endif
