/* SPDX-License-Identifier: Apache-2.0
 *
 * What a registry asks for in WWW-Authenticate: Basic, or a Bearer token from another place.
 * Source: RFC 9110 section 11.6.1; distribution, "Token Authentication Specification".
 */
#ifndef ERRAND_IMAGES_AUTH_CHALLENGE_H
#define ERRAND_IMAGES_AUTH_CHALLENGE_H

#include "base/err.h"

enum auth_scheme {
    AUTH_SCHEME_BASIC,
    AUTH_SCHEME_BEARER,
};

#define AUTH_PARAMETER_BYTES 512

struct auth_challenge {
    enum auth_scheme scheme;
    char realm[AUTH_PARAMETER_BYTES];   /* BEARER: URL of the token service */
    char service[AUTH_PARAMETER_BYTES]; /* may be empty, as may the scope */
    char scope[AUTH_PARAMETER_BYTES];
};

/* ERR_INVALID for another scheme, a malformed header or a Bearer challenge without realm. */
int auth_challenge_parse(const char *header, struct auth_challenge *ret_challenge,
                         struct err *e) MUST_USE;

#endif
