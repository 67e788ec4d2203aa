/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a local stack keeps what. DIR is what the user named:
 *
 *   DIR/env        ERRAND_URL, ERRAND_TOKEN; the invoking user's, 0600
 *   DIR/log/       one file a program
 *   DIR/pid/       one file a running program
 *   DIR/state      all that lasts; a link to /var/lib/errand/<hash> where the unprivileged account
 *                  may not enter DIR, or where its path is too long for a Unix socket below it
 *   DIR/state/postgres, keys/ring.json, agent/   the database, the keys, the hypervisor
 *   DIR/state/run/  sockets and the port
 */
#ifndef ERRAND_CLI_STACK_PLACES_H
#define ERRAND_CLI_STACK_PLACES_H

#include "arguments.h"
#include "stack/account.h"

#define PLACE_BYTES 4096

struct places {
    char data[PLACE_BYTES - 256]; /* DIR: absolute, no links in it */
    char state[256];              /* what DIR/state is, or leads to; "" while there is none */
};

/* Resolve --data, or the default: .errand in a checkout, else ~/.local/state/errand. Makes
 * nothing. 0, or EXIT_OURS after complaining. */
int places_find(const struct arguments *arguments, struct places *ret_places);

/* Make what is missing, as root. 0, or EXIT_OURS after complaining. */
int places_make(struct places *places, const struct account *service,
                const struct account *invoker);

/* A path below DIR or below the state; `name` may hold slashes. Returns ret_path. */
const char *places_data(const struct places *places, const char *name, char ret_path[PLACE_BYTES]);
const char *places_state(const struct places *places, const char *name, char ret_path[PLACE_BYTES]);

/* Only one `up` or `down` at a time: hold the lock until the returned descriptor is closed. -1
 * after complaining. */
int places_lock(const struct places *places);

#endif
