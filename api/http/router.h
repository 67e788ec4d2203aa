/* SPDX-License-Identifier: Apache-2.0
 *
 * h2o's one handler: find the route, find out who asks, hand over.
 */
#ifndef ERRAND_API_ROUTER_H
#define ERRAND_API_ROUTER_H

#include <h2o.h>

/* Serve everything below `path` by the routes. */
void router_register(h2o_pathconf_t *path);

#endif
