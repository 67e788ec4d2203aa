/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "health.h"

const struct route routes[] = {
    {"GET", "/healthz", ACCESS_PUBLIC, health_alive, NULL},
    {"GET", "/readyz", ACCESS_PUBLIC, health_ready, NULL},
    {"GET", "/openapi.json", ACCESS_PUBLIC, health_openapi, NULL},
};

const size_t routes_n = sizeof(routes) / sizeof(routes[0]);
