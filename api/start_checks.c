/* SPDX-License-Identifier: Apache-2.0 */
#include "start_checks.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "store/conninfo.h"

int start_check_database(const struct settings *settings, struct err *e)
{
    int r = settings_require(settings, "database_url", e);
    if (r < 0)
        return r;
    const char *problem = conninfo_problem(settings_text(settings, "database_url"));
    return problem == NULL ? 0 : settings_refuse(settings, "database_url", e, "%s", problem);
}

/* HOST:PORT, from `first` on; an IPv6 address in brackets. */
static bool is_address(const char *text, int64_t first)
{
    int64_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || parse_i64(colon + 1, first, UINT16_MAX, "port", &port, NULL) < 0)
        return false;
    size_t n = (size_t)(colon - text);
    if (text[0] == '[')
        return n > 2 && colon[-1] == ']';
    return memchr(text, ':', n) == NULL && strcspn(text, "/ @") >= n;
}

static int check_listen(const struct settings *settings, struct err *e)
{
    const char *text = settings_text(settings, "listen");
    return is_address(text, 0) ? 0
                               : settings_refuse(settings, "listen", e,
                                                 "must be HOST:PORT such as 0.0.0.0:8080 or "
                                                 "[::1]:8080, with a port of 0 to 65535");
}

static int check_replica_url(const struct settings *settings, struct err *e)
{
    static const char scheme[] = "http://";
    const char *text = settings_text(settings, "replica_url");
    size_t n = sizeof(scheme) - 1;
    if (text == NULL || text[0] == '\0' ||
        (strncmp(text, scheme, n) == 0 && text[n] != ':' && is_address(text + n, 1)))
        return 0;
    return settings_refuse(settings, "replica_url", e, "must be http://HOST:PORT");
}

/* The directory must be there and ours to write to. */
static int check_port_file(const struct settings *settings, struct err *e)
{
    const char *path = settings_text(settings, "port_file");
    if (path == NULL)
        return 0;
    const char *slash = strrchr(path, '/');
    CLEANUP(freep)
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder != NULL && access(folder, W_OK | X_OK) == 0)
        return 0;
    return settings_refuse(settings, "port_file", e,
                           "must be in a directory that is there and may be written to");
}

int start_check_serving(const struct settings *settings, struct err *e)
{
    int r = start_check_database(settings, e);
    if (r == 0)
        r = settings_require(settings, "key_ring", e);
    if (r == 0)
        r = check_listen(settings, e);
    if (r == 0)
        r = check_replica_url(settings, e);
    if (r == 0)
        r = check_port_file(settings, e);
    return r;
}

int start_refuse_file(const struct settings *settings, const char *name, const char *fix,
                      struct err *e)
{
    const struct err why = *e;
    return settings_refuse(settings, name, e, "cannot be used (%.120s): %s", why.msg, fix);
}
