/* SPDX-License-Identifier: Apache-2.0
 *
 * A database that is not there, in the place of api/db/db_pipe.c: it knows every token and no
 * Idempotency-Key, and each other statement fails as unavailable. What is asked of it is checked
 * first: that PostgreSQL could take it.
 */
#ifndef ERRAND_TESTS_DATABASE_AWAY_H
#define ERRAND_TESTS_DATABASE_AWAY_H

#include "auth/token.h"
#include "db/db_pipe.h"

/* What kind of token the next requests come with. */
void database_away_set_kind(enum token_kind kind);

#endif
