/* SPDX-License-Identifier: Apache-2.0
 *
 * What a project's container registry wants from those who pull: a name and password, a certificate
 * of its own. It arrives sealed with the assignment and lives in memory only.
 */
#ifndef ERRAND_IMAGES_REGISTRY_LOGIN_H
#define ERRAND_IMAGES_REGISTRY_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct registry_login {
    char *host;     /* owned; it is for no other; NULL: not said */
    char *username; /* owned; NULL: anonymous */
    char *password; /* owned; wiped */
    char *ca_pem;   /* owned; NULL: the system's certificates only */
    bool insecure;  /* it speaks plain http */
};

/* Read the JSON object {"host","username","password","ca_pem","insecure"}, each of which may be
 * absent. ERR_INVALID names the member, never its value. */
int registry_login_parse(const char *text, size_t n, struct registry_login *ret_login,
                         struct err *e) MUST_USE;

int registry_login_copy(const struct registry_login *login, struct registry_login *ret_copy,
                        struct err *e) MUST_USE;
bool registry_login_equal(const struct registry_login *a, const struct registry_login *b);

/* Accepts a zeroed one. */
void registry_login_done(struct registry_login *login);

#endif
