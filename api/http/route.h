/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes: one table, read from top to bottom by people and by the router.
 */
#ifndef ERRAND_API_ROUTE_H
#define ERRAND_API_ROUTE_H

#include "http/request.h"

/* What a route asks of who comes. */
enum access {
    ACCESS_PUBLIC,
    ACCESS_SELF, /* any user or project token; the handler looks at the rest */
    /* a user, session or project token with this scope in the project (model/access.h) */
    ACCESS_READ,
    ACCESS_RUN,
    ACCESS_WRITE,
    ACCESS_ENV,
    ACCESS_MANAGE,     /* SCOPE_ADMIN */
    ACCESS_ADMIN,      /* an administrator of the installation */
    ACCESS_HYPERVISOR, /* an agent's credential */
    ACCESS_JOIN,       /* a join token */
    ACCESS_METRICS,    /* a metrics token */
};

/* The handler reads its query by a table (query.h) and refuses what is not in it. */
#define QUERY_BY_HANDLER "*"

struct route {
    const char *method;
    const char *pattern; /* segments; ":id" matches a UUID and lands in request.path_ids */
    enum access access;
    request_handler *handler;
    const char *query; /* names of its query parameters, blank between; others are refused */
};

/* In routes.c. */
extern const struct route routes[];
extern const size_t routes_n;

/* Whether `name` is one of the route's query parameters. */
bool route_takes_query(const struct route *route, const char *name, size_t n);

enum route_match {
    ROUTE_FOUND,
    ROUTE_NO_PATH,   /* 404 */
    ROUTE_NO_METHOD, /* 405; `*ret_allow` has the methods */
};

/* Find the route of `path` (no query, need not end in NUL; percent-encoding undone). `ret_ids` has
 * REQUEST_PATH_IDS entries; a HEAD finds the route of GET; `ret_allow` is the value of Allow. */
enum route_match route_find(const char *method, size_t method_n, const char *path, size_t path_n,
                            const struct route **ret_route, struct id *ret_ids, char *ret_allow,
                            size_t allow_size);

#endif
