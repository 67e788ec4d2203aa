/* SPDX-License-Identifier: Apache-2.0
 *
 * The stack's own PostgreSQL cluster: on a Unix socket only, never as root.
 */
#ifndef ERRAND_CLI_STACK_DATABASE_H
#define ERRAND_CLI_STACK_DATABASE_H

#include "stack/account.h"
#include "stack/places.h"

#define DATABASE_SERVICE "postgres"
#define DATABASE_OWNER "errand_owner"

#define DATABASE_URL_BYTES 256

/* Make the cluster when there is none (*ret_is_new says so), start it when it does not run, wait
 * until it takes connections. 0, or EXIT_OURS after complaining. */
int database_up(const struct places *places, const struct account *service,
                const struct account *invoker, int *ret_is_new);

/* Let it finish what it does (fast shutdown). */
int database_down(const struct places *places);

/* What a program connects with as `role`. */
const char *database_url(const struct places *places, const char *role,
                         char ret_url[DATABASE_URL_BYTES]);

#endif
