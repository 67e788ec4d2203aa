/* SPDX-License-Identifier: Apache-2.0 */
#include "store/conninfo.h"

#include <stdint.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/defer.h"
#include "base/parse.h"

static bool is_ssl_mode(const char *text)
{
    static const char *const modes[] = {"disable", "allow",     "prefer",
                                        "require", "verify-ca", "verify-full"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (strcmp(text, modes[i]) == 0)
            return true;
    return false;
}

/* One for each host, comma between them; none means libpq's own. */
static bool are_ports(const char *text)
{
    for (;; text++) {
        int64_t port;
        size_t n = strcspn(text, ",");
        if (n > 0 && parse_i64_n(text, n, 1, UINT16_MAX, "port", &port, NULL) < 0)
            return false;
        text += n;
        if (*text == '\0')
            return true;
    }
}

static const char *option_problem(const PQconninfoOption *option)
{
    if (option->val == NULL)
        return NULL;
    if (strcmp(option->keyword, "sslmode") == 0 && !is_ssl_mode(option->val))
        return "must have an sslmode of disable, allow, prefer, require, verify-ca or verify-full";
    if (strcmp(option->keyword, "port") == 0 && !are_ports(option->val))
        return "must have a port of 1 to 65535";
    return NULL;
}

const char *conninfo_problem(const char *text)
{
    static const char form[] =
        "must be like host=HOST dbname=NAME user=ROLE or postgresql://ROLE@HOST/NAME";
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &why);
    PQfreemem(why);
    if (options == NULL)
        return form;
    const char *problem = NULL;
    for (PQconninfoOption *at = options; problem == NULL && at->keyword != NULL; at++)
        problem = option_problem(at);
    PQconninfoFree(options);
    return problem;
}
