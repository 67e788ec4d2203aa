/* SPDX-License-Identifier: Apache-2.0 */
#include "http/route.h"

#include <string.h>

/* The text up to the next slash; advances the cursor past it. */
static h2o_iovec_t take_segment(const char **cursor, const char *end)
{
    const char *from = *cursor;
    const char *slash = memchr(from, '/', (size_t)(end - from));
    const char *stop = slash != NULL ? slash : end;
    *cursor = slash != NULL ? slash + 1 : end + 1;
    return h2o_iovec_init(from, (size_t)(stop - from));
}

static bool path_matches(const char *pattern, const char *path, size_t path_n, struct id *ret_ids)
{
    const char *pattern_end = pattern + strlen(pattern);
    const char *path_end = path + path_n;
    size_t ids = 0;

    while (pattern <= pattern_end && path <= path_end) {
        h2o_iovec_t want = take_segment(&pattern, pattern_end);
        h2o_iovec_t have = take_segment(&path, path_end);
        if (want.len > 0 && want.base[0] == ':') {
            if (ids == REQUEST_PATH_IDS || id_parse(have.base, have.len, &ret_ids[ids], NULL) < 0)
                return false;
            ids++;
        } else if (!h2o_memis(want.base, want.len, have.base, have.len)) {
            return false;
        }
    }
    return pattern > pattern_end && path > path_end;
}

/* "GET, HEAD, POST" without repeats */
static void add_allowed(char *allow, size_t size, const char *method)
{
    if (strstr(allow, method) != NULL)
        return;
    size_t used = strlen(allow);
    (void)snprintf(allow + used, size - used, "%s%s%s", used > 0 ? ", " : "", method,
                   strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

bool route_takes_query(const struct route *route, const char *name, size_t n)
{
    const char *at = route->query;
    if (at != NULL && strcmp(at, QUERY_BY_HANDLER) == 0)
        return true;
    while (at != NULL && *at != '\0') {
        size_t have = strcspn(at, " ");
        if (h2o_memis(at, have, name, n))
            return true;
        at += have + strspn(at + have, " ");
    }
    return false;
}

enum route_match route_find(const char *method, size_t method_n, const char *path, size_t path_n,
                            const struct route **ret_route, struct id *ret_ids, char *ret_allow,
                            size_t allow_size)
{
    bool is_head = h2o_memis(method, method_n, H2O_STRLIT("HEAD"));
    bool known_path = false;
    ret_allow[0] = '\0';

    for (size_t i = 0; i < routes_n; i++) {
        const struct route *route = &routes[i];
        if (!path_matches(route->pattern, path, path_n, ret_ids))
            continue;
        const char *wanted = is_head ? "GET" : method;
        if (h2o_memis(route->method, strlen(route->method), wanted, is_head ? 3 : method_n)) {
            *ret_route = route;
            return ROUTE_FOUND;
        }
        known_path = true;
        add_allowed(ret_allow, allow_size, route->method);
    }
    return known_path ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
