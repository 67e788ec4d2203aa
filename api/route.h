/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes: one table, read from top to bottom by people and by the router.
 */
#ifndef ERRAND_API_ROUTE_H
#define ERRAND_API_ROUTE_H

#include "request.h"

enum access {
    ACCESS_PUBLIC,
    ACCESS_PROJECT,    /* a user or project token */
    ACCESS_ADMIN,      /* a user token */
    ACCESS_HYPERVISOR, /* an agent's credential */
    ACCESS_JOIN,       /* a join token */
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
