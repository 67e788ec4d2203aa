/* SPDX-License-Identifier: Apache-2.0
 *
 * What /readyz asks the database.
 */
#ifndef ERRAND_STORE_HEALTH_STORE_H
#define ERRAND_STORE_HEALTH_STORE_H

#include "store/db.h"

/* A leader renews its lease every few seconds; after this long nobody leads. */
#define HEALTH_STORE_LEASE_SECONDS 10

/* One row: the newest migration applied, whether a scheduler leads. */
extern const struct statement health_store_check;

#endif
