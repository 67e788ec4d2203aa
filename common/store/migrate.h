/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema: numbered files, embedded at build time, each applied once in its own transaction.
 */
#ifndef ERRAND_STORE_MIGRATE_H
#define ERRAND_STORE_MIGRATE_H

#include "base/err.h"
#include "store/db.h"

/* Bring the database up to this build. Any number of programs may call it at once: an advisory lock
 * lets one work while the others wait. `*ret_applied` counts what this call applied.
 * ERR_CONFLICT: the database is newer than this build. */
int migrate_apply(struct db *db, int *ret_applied, struct err *e) MUST_USE;

/* The newest migration this build knows. */
int migrate_version(void);

/* Whether this build works with a database at that migration: its own, or the next one, so that
 * programs can be replaced one by one after the database was migrated. */
bool migrate_serves(int64_t version);

/* Answers one row: the newest migration applied. */
extern const struct statement migrate_current;

#endif
