/* SPDX-License-Identifier: Apache-2.0 */
#include "model/access.h"

#include <string.h>

static const char *const scopes[SCOPE_COUNT] = {"read", "run", "write", "env", "admin"};

const char *const role_names[] = {"viewer", "operator", "developer", "admin", NULL};

/* in the order of role_names */
static const unsigned roles[] = {
    SCOPE_READ,
    SCOPE_READ | SCOPE_RUN,
    SCOPE_READ | SCOPE_RUN | SCOPE_WRITE | SCOPE_ENV,
    SCOPES_ALL,
};

const char *scope_name(size_t i)
{
    return scopes[i];
}

unsigned scope_from_name(const char *name)
{
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (strcmp(name, scopes[i]) == 0)
            return 1u << i;
    }
    return 0;
}

unsigned role_scopes(const char *role)
{
    for (size_t i = 0; role != NULL && role_names[i] != NULL; i++) {
        if (strcmp(role, role_names[i]) == 0)
            return roles[i];
    }
    return 0;
}
