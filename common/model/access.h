/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what: a token has scopes, a member of a project has a role. What is asked must be in
 * both.
 */
#ifndef ERRAND_MODEL_ACCESS_H
#define ERRAND_MODEL_ACCESS_H

#include <stddef.h>

/* Bits of tokens.scopes. */
enum scope {
    SCOPE_READ = 1 << 0,  /* see everything but secrets */
    SCOPE_RUN = 1 << 1,   /* trigger, stop, rerun */
    SCOPE_WRITE = 1 << 2, /* make, change and delete runners and what belongs to them */
    SCOPE_ENV = 1 << 3,   /* environment variables and registry passwords */
    SCOPE_ADMIN = 1 << 4, /* members, tokens, the project itself */
};
#define SCOPE_COUNT 5
#define SCOPES_ALL 31u

/* "read", "run", ...; `i` is 0..SCOPE_COUNT-1. */
const char *scope_name(size_t i);

/* 0 when there is no such scope. */
unsigned scope_from_name(const char *name);

/* What a role may do; 0 for NULL and for what is no role. */
unsigned role_scopes(const char *role);

/* "viewer", "operator", "developer", "admin", NULL. */
extern const char *const role_names[];

#endif
