/* SPDX-License-Identifier: Apache-2.0
 *
 * Which processes of the API serve now.
 */
#ifndef ERRAND_STORE_REPLICA_STORE_H
#define ERRAND_STORE_REPLICA_STORE_H

#include "base/id.h"
#include "store/db.h"

#define REPLICA_STORE_MAX 64

/* Say that process `id` serves at `url`; answers a row for each other one that said so within 15 s.
 * To be said every 5 s. */
extern const struct statement replica_store_say;
void replica_store_say_params(struct params *p, struct id id, const char *url);

struct id replica_store_id(const struct rows *rows, int row);
const char *replica_store_url(const struct rows *rows, int row);

#endif
