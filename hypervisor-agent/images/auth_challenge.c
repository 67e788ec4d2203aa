/* SPDX-License-Identifier: Apache-2.0 */
#include "images/auth_challenge.h"

#include <string.h>
#include <strings.h>

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == ',')
        at++;
    return at;
}

/* Copy one token or quoted string to `value`; the position after it, NULL when malformed. */
static const char *read_value(const char *at, char *value)
{
    size_t n = 0;
    int is_quoted = *at == '"';
    at += is_quoted;
    for (; *at != '\0'; at++) {
        if (is_quoted ? *at == '"' : *at == ',' || *at == ' ')
            break;
        if (is_quoted && *at == '\\' && at[1] != '\0')
            at++;
        if (n + 1 >= AUTH_PARAMETER_BYTES)
            return NULL;
        value[n++] = *at;
    }
    value[n] = '\0';
    if (!is_quoted)
        return at;
    return *at == '"' ? at + 1 : NULL;
}

static char *parameter_of(struct auth_challenge *c, const char *name, size_t n)
{
    if (n == 5 && strncasecmp(name, "realm", n) == 0)
        return c->realm;
    if (n == 7 && strncasecmp(name, "service", n) == 0)
        return c->service;
    if (n == 5 && strncasecmp(name, "scope", n) == 0)
        return c->scope;
    return NULL;
}

static int read_parameters(const char *at, struct auth_challenge *c, struct err *e)
{
    for (at = skip_space(at); *at != '\0'; at = skip_space(at)) {
        const char *equals = strchr(at, '=');
        if (equals == NULL)
            return err_set(e, ERR_INVALID, "malformed WWW-Authenticate parameter");
        char other[AUTH_PARAMETER_BYTES];
        char *into = parameter_of(c, at, (size_t)(equals - at));
        at = read_value(equals + 1, into != NULL ? into : other);
        if (at == NULL)
            return err_set(e, ERR_INVALID, "malformed WWW-Authenticate value");
    }
    return 0;
}

int auth_challenge_parse(const char *header, struct auth_challenge *ret_challenge, struct err *e)
{
    struct auth_challenge c = {0};

    header = skip_space(header);
    if (strncasecmp(header, "basic", 5) == 0) {
        c.scheme = AUTH_SCHEME_BASIC;
        *ret_challenge = c;
        return 0;
    }
    if (strncasecmp(header, "bearer ", 7) != 0)
        return err_set(e, ERR_INVALID, "registry asks for an unknown authentication scheme");

    c.scheme = AUTH_SCHEME_BEARER;
    int rc = read_parameters(header + 7, &c, e);
    if (rc < 0)
        return rc;
    if (c.realm[0] == '\0')
        return err_set(e, ERR_INVALID, "registry asks for a token but names no realm");
    *ret_challenge = c;
    return 0;
}
