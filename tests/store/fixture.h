/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows to work on: every test makes its own in a migrated database.
 */
#ifndef ERRAND_TESTS_STORE_FIXTURE_H
#define ERRAND_TESTS_STORE_FIXTURE_H

#include "base/id.h"
#include "store/db.h"

#include "support/test_database.h"

#define FIXTURE_PROJECT "01900000-0000-7000-8000-000000000001"

/* Run a statement that must succeed; `p` is done with. */
struct rows *fixture_run(struct db *db, const struct statement *statement, struct params *p);

/* Run one or more statements without parameters. */
void fixture_script(struct db *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The first column of the first row, as text; "" for none or NULL. Valid until the next call. */
const char *fixture_text(struct db *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct id fixture_project(void);
struct id fixture_hypervisor(struct db *db);

/* A run of a new runner, in `state`, given to `hypervisor` (nil: to nobody) for the first time. */
struct id fixture_run_in(struct db *db, const char *state, struct id hypervisor);

#endif
