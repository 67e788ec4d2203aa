/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisors and queues of a chosen size, for tests of who goes where.
 */
#ifndef ERRAND_TESTS_STORE_QUEUE_FIXTURE_H
#define ERRAND_TESTS_STORE_QUEUE_FIXTURE_H

#include <stdint.h>

#include "fixture.h"

/* No runs, no hypervisors, no lease. */
void queue_fixture_reset(struct db *db);

/* A ready hypervisor in region `local` with 8 cores, seen now. */
struct id queue_fixture_hypervisor(struct db *db, int64_t memory_mb);

/* A pending run; later ones are younger. */
struct id queue_fixture_run(struct db *db, int64_t memory_mb, int64_t priority);

/* `n` more pending runs, each with a memory_mb of `sizes` ("{256,512}") by turns. */
void queue_fixture_runs(struct db *db, int64_t n, const char *sizes);

struct id queue_fixture_region(struct db *db);

/* A count, or any other integer. */
int64_t queue_fixture_number(struct db *db, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
